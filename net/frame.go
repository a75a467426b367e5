package net

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"abad/codec"
)

const (
	// maxFrame bounds the body of a frame in bytes. A peer makes us allocate that
	// much with four bytes; the largest message of a correct node, a header
	// full of digests, is below 1 MiB.
	maxFrame = 4 << 20
	// MaxMessage is the largest message that fits a frame of its own.
	MaxMessage = maxFrame - 64
	// frameTarget is where messages that wait for a peer are split: a receiver can
	// start on a frame only when all of it is there.
	frameTarget = 256 << 10
	// frameMessages bounds the messages of a frame that we send. It is far below
	// what codec reads.
	frameMessages = 4096
	// lengthSize is the prefix of a frame.
	lengthSize = 4
)

// frame is the body of every frame but the first.
type frame struct {
	_         struct{} `cbor:",toarray"`
	Committed uint64
	Certified uint64
	Msgs      [][]byte
}

// appendFrame adds a frame with body to buf. One write makes one packet out of
// a small frame.
func appendFrame(buf, body []byte) []byte {
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(body)))
	return append(buf, body...)
}

func encodeFrame(pos Position, msgs [][]byte) []byte {
	return codec.Marshal(frame{Committed: pos.Committed, Certified: pos.Certified, Msgs: msgs})
}

func decodeFrame(body []byte) (Position, [][]byte, error) {
	var f frame
	if err := codec.Unmarshal(body, &f); err != nil {
		return Position{}, nil, violationf("frame: %w", err)
	}
	return Position{f.Committed, f.Certified}, f.Msgs, nil
}

// readFrame reads the body of the next frame, into buf where it is large
// enough. An end between frames is io.EOF.
func readFrame(r *bufio.Reader, buf []byte, limit int) ([]byte, error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, cutOff("frame length", err)
	}
	size := binary.BigEndian.Uint32(length[:])
	if size == 0 || size > uint32(limit) {
		return nil, violationf("frame of %d bytes, limit %d", size, limit)
	}
	if int(size) > cap(buf) {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	if _, err := io.ReadFull(r, buf); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, cutOff("frame body", err)
	}
	return buf, nil
}

// cutOff makes a clean end in the middle of something a violation: streams end
// where their writer says so.
func cutOff(what string, err error) error {
	if err == io.ErrUnexpectedEOF {
		return violationf("%s: %w", what, err)
	}
	if err == io.EOF {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
