// Package batch is the payload format: values that clients submit, concatenated
// into batches that are named by their content.
//
//	batch  = salt (16 bytes) record+ end+ count
//	record = id (16 bytes) payload
//	end    = where each record ends in the batch (uint32), in order
//	count  = number of records (uint32)
//
// Integers are big-endian. The salt is random: no two batches of correct makers
// have one name, also when a client repeats itself, and a name that was in the log
// once can be refused for ever. The ends let one value be proved without the
// others, although payloads hold whatever clients please.
//
// A batch's name is the BLAKE3-256 digest of its bytes, so any node may serve it
// and nobody can serve a wrong one.
package batch

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/zeebo/blake3"

	"abad/bft"
)

// MaxValue is the default largest payload of one value in bytes.
const MaxValue = 1 << 20

// MaxSize is the largest batch in bytes: one value of the largest size that an
// operator may configure, or many small ones. A batch is held in memory while
// it is checked, so peers can cost us this much per stream.
const MaxSize = 8 << 20

// MaxPayload is the largest payload that any batch can hold.
const MaxPayload = MaxSize - saltSize - countSize - Overhead

// Overhead is what a value takes in a batch beyond its payload; the first one
// brings another fixed 20 bytes.
const Overhead = 16 + endSize

const (
	saltSize  = 16
	idSize    = 16
	endSize   = 4
	countSize = 4
)

// ErrMalformed marks bytes that are not a batch. No correct node makes, holds or
// forwards such a batch, whatever its digest.
var ErrMalformed = errors.New("malformed batch")

// ValueID is chosen at random by the client; it makes a retry idempotent.
type ValueID [16]byte

// String is the id in hexadecimal.
func (id ValueID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText gives the hexadecimal form.
func (id ValueID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText takes 32 hexadecimal digits.
func (id *ValueID) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(id)) {
		return fmt.Errorf("a value id has %d hexadecimal digits, not %d", hex.EncodedLen(len(id)), len(text))
	}
	_, err := hex.Decode(id[:], text)
	return err
}

// Value is what a client submits.
type Value struct {
	ID      ValueID
	Payload []byte
}

// Builder makes a batch.
type Builder struct {
	data []byte
	ends []byte
	n    int
}

// NewBuilder starts a batch with 16 bytes of salt, which should be random.
func NewBuilder(salt [16]byte) *Builder { return &Builder{data: salt[:]} }

// Grow makes room for size bytes in all, as the next batch is often as large as the last.
func (b *Builder) Grow(size int) { b.data = slices.Grow(b.data, max(0, size-len(b.data))) }

// Add appends a value, copying its payload.
func (b *Builder) Add(v Value) {
	b.data = append(append(b.data, v.ID[:]...), v.Payload...)
	b.ends = binary.BigEndian.AppendUint32(b.ends, uint32(len(b.data)))
	b.n++
}

// Values is the number of values so far, Size the size of the batch.
func (b *Builder) Values() int { return b.n }

// Size is the size of the batch in bytes.
func (b *Builder) Size() int { return len(b.data) + len(b.ends) + countSize }

// Bytes ends the batch.
func (b *Builder) Bytes() []byte {
	data := append(b.data, b.ends...)
	return binary.BigEndian.AppendUint32(data, uint32(b.n))
}

// Digest names a batch: BLAKE3-256 of its bytes.
func Digest(data []byte) bft.Hash { return blake3.Sum256(data) }

// Count is the number of values of a batch that was checked.
func Count(data []byte) int {
	return int(binary.BigEndian.Uint32(data[len(data)-countSize:]))
}

// Span is where in a checked batch record i lies: from begin up to end.
func Span(data []byte, i int) (begin, end int) {
	r := Table(len(data), Count(data), i)
	return r.Read(data[r.Begin:r.End])
}

// Entry is the part of a batch's table that says where a record lies: bytes from
// Begin up to End.
type Entry struct{ Begin, End int }

// Table gives the place of record i's entry in a batch of size bytes and count
// records.
func Table(size, count, i int) Entry {
	end := size - countSize - (count-i-1)*endSize
	if i == 0 {
		return Entry{end - endSize, end}
	}
	return Entry{end - 2*endSize, end}
}

// Read gives where the record begins and ends; data is the entry's bytes.
func (e Entry) Read(data []byte) (begin, end int) {
	if e.End-e.Begin == endSize {
		return saltSize, int(binary.BigEndian.Uint32(data))
	}
	return int(binary.BigEndian.Uint32(data)), int(binary.BigEndian.Uint32(data[endSize:]))
}

// At gives value i of a checked batch; the payload aliases data.
func At(data []byte, i int) Value {
	begin, end := Span(data, i)
	return Value{ID: ValueID(data[begin:]), Payload: data[begin+idSize : end : end]}
}

// Values yields the values of a checked batch in order; payloads alias data.
func Values(data []byte) iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		begin, ends := saltSize, table(data, Count(data))
		for i := 0; len(ends) > 0; i, ends = i+1, ends[endSize:] {
			end := int(binary.BigEndian.Uint32(ends))
			if !yield(i, Value{ID: ValueID(data[begin:]), Payload: data[begin+idSize : end : end]}) {
				return
			}
			begin = end
		}
	}
}

// MinSize is the least size of a batch with so many values, each of one byte.
func MinSize(count int) int { return saltSize + countSize + count*(Overhead+1) }

// Check reads a whole batch and returns the ids of its values in order, or
// [ErrMalformed]: a batch or value that is empty, ends that are not in order or do
// not meet the records, or more than [MaxSize] bytes.
func Check(data []byte) ([]ValueID, error) {
	if len(data) < MinSize(1) || len(data) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(data))
	}
	n := Count(data)
	if n == 0 || MinSize(n) > len(data) {
		return nil, fmt.Errorf("%w: %d values in %d bytes", ErrMalformed, n, len(data))
	}
	ids := make([]ValueID, n)
	ends := table(data, n)
	records := data[:len(data)-countSize-len(ends)]
	begin := saltSize
	for i := range ids {
		end := int(binary.BigEndian.Uint32(ends[i*endSize:]))
		if end < begin+idSize+1 || end > len(records) {
			return nil, fmt.Errorf("%w: value %d is from byte %d to %d", ErrMalformed, i, begin, end)
		}
		ids[i] = ValueID(records[begin:])
		begin = end
	}
	if rest := len(records) - begin; rest != 0 {
		return nil, fmt.Errorf("%w: %d bytes that are no value", ErrMalformed, rest)
	}
	return ids, nil
}

// table is where the ends of so many records stand.
func table(data []byte, count int) []byte {
	return data[len(data)-countSize-count*endSize : len(data)-countSize]
}
