package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"abad/batch"
)

// A stream of submissions is POST /v1/values/stream. Its body has values, one after
// the other, and its answer has one answer for each, in the order of the values:
//
//	value    length of the payload (u32) | id (16 bytes) | payload
//	answer   1 | block (u64) | index (u64) | microseconds (u32)   it is in the log
//	         2 | status (u16) | length (u16) | text               it is refused, and will not come
//	         3 | status (u16) | length (u16) | text               the stream ends; values without an
//	                                                              answer may come or not
//	         4 | block (u64) | index (u64) | microseconds (u32)   as 1, but the node does not have the
//	                                                              block yet
//
// Numbers are big-endian. A body may end after any value; the answer then ends when
// all values have theirs.

// StreamType is the media type of both ways.
const StreamType = "application/octet-stream"

const (
	// ValueHead is what a value takes on the stream beyond its payload.
	ValueHead = 4 + len(batch.ValueID{})
	// MaxReason bounds the text of a refusal in bytes.
	MaxReason = 1 << 10

	receiptSize = 1 + 8 + 8 + 4
	refusalSize = 1 + 2 + 2
)

// AppendValue adds a value to buf as it is on the stream.
func AppendValue(buf []byte, id batch.ValueID, payload []byte) []byte {
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(payload)))
	return append(append(buf, id[:]...), payload...)
}

// ReadValueHead reads the head of a value: the length of its payload, and its id.
func ReadValueHead(head [ValueHead]byte) (length uint32, id batch.ValueID) {
	return binary.BigEndian.Uint32(head[:]), batch.ValueID(head[4:])
}

// NextValue reads the value at the front of buf, whose payload stays there, and says how
// many bytes it takes; 0: not all of it is in buf.
func NextValue(buf []byte) (v batch.Value, size int) {
	if len(buf) < ValueHead {
		return v, 0
	}
	length, id := ReadValueHead([ValueHead]byte(buf))
	if int64(length) > int64(len(buf)-ValueHead) {
		return v, 0
	}
	size = ValueHead + int(length)
	return batch.Value{ID: id, Payload: buf[ValueHead:size:size]}, size
}

// AnswerKind says what became of a value.
type AnswerKind byte

// The kinds of answers.
const (
	Placed  AnswerKind = 1 // in the log
	Refused AnswerKind = 2 // will not come
	Ended   AnswerKind = 3 // of the stream, not of a value
	Ahead   AnswerKind = 4 // in the log, see [Receipt]
)

// Answer is one answer of a stream.
type Answer struct {
	Kind   AnswerKind
	Block  uint64 // of a value that is placed, or ahead
	Index  uint64
	Micros uint32 // from the node's taking it to its block
	Status uint16 // of HTTP, where there is no block
	Reason string
}

// Append adds the answer as it is on the stream. A long reason is cut.
func (a Answer) Append(buf []byte) []byte {
	buf = append(buf, byte(a.Kind))
	if a.Kind == Placed || a.Kind == Ahead {
		buf = binary.BigEndian.AppendUint64(buf, a.Block)
		buf = binary.BigEndian.AppendUint64(buf, a.Index)
		return binary.BigEndian.AppendUint32(buf, a.Micros)
	}
	reason := a.Reason[:min(len(a.Reason), MaxReason)]
	buf = binary.BigEndian.AppendUint16(buf, a.Status)
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(reason)))
	return append(buf, reason...)
}

// errAnswer marks bytes that are no answer.
var errAnswer = errors.New("not an answer of a stream")

// ReadAnswer reads one answer. The error is io.EOF at the end of the stream, and
// io.ErrUnexpectedEOF in the middle of an answer.
func ReadAnswer(r *bufio.Reader) (a Answer, err error) {
	kind, err := r.Peek(1)
	if err != nil {
		return a, err
	}
	a.Kind = AnswerKind(kind[0])
	switch a.Kind {
	case Placed, Ahead:
		buf, err := r.Peek(receiptSize)
		if err != nil {
			return a, midway(err)
		}
		a.Block, a.Index = binary.BigEndian.Uint64(buf[1:]), binary.BigEndian.Uint64(buf[9:])
		a.Micros = binary.BigEndian.Uint32(buf[17:])
		r.Discard(receiptSize)
		if a.Block == 0 {
			return a, fmt.Errorf("%w: a value in block 0", errAnswer)
		}
		return a, nil
	case Refused, Ended:
		buf, err := r.Peek(refusalSize)
		if err != nil {
			return a, midway(err)
		}
		a.Status = binary.BigEndian.Uint16(buf[1:])
		size := binary.BigEndian.Uint16(buf[3:])
		r.Discard(refusalSize)
		if size > MaxReason {
			return a, fmt.Errorf("%w: a reason of %d bytes, at most %d", errAnswer, size, MaxReason)
		}
		reason := make([]byte, size)
		if _, err := io.ReadFull(r, reason); err != nil {
			return a, midway(err)
		}
		a.Reason = string(reason)
		return a, nil
	}
	return a, fmt.Errorf("%w: kind %d", errAnswer, kind[0])
}

func midway(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
