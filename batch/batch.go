// Package batch is the payload format: values that clients submit, concatenated
// into batches that are named by their content.
//
//	batch = salt (16 bytes) value+
//	value = id (16 bytes) | length (unsigned varint) | payload
//
// A batch's name is the BLAKE3-256 digest of its bytes, so any node may serve it
// and nobody can serve a wrong one. The salt is random: no two batches of correct
// makers have one name, also when a client repeats itself, and a name that was in
// the log once can be refused for ever.
package batch

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math/bits"

	"lukechampine.com/blake3"

	"abad/bft"
)

// MaxValue is the default largest payload of one value in bytes.
const MaxValue = 1 << 20

// MaxSize is the largest batch in bytes: one value of the largest size that an
// operator may configure, or many small ones. A batch is held in memory while
// it is checked, so peers can cost us this much per stream.
const MaxSize = 8 << 20

// Overhead is the most that a value takes in a batch beyond its payload.
const Overhead = 16 + binary.MaxVarintLen32

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

// Salt makes a batch unlike any other.
type Salt [16]byte

// Begin starts a batch.
func Begin(salt Salt) []byte { return append([]byte(nil), salt[:]...) }

// Append adds v to the batch in buf.
func Append(buf []byte, v Value) []byte {
	buf = append(buf, v.ID[:]...)
	buf = binary.AppendUvarint(buf, uint64(len(v.Payload)))
	return append(buf, v.Payload...)
}

// Size is how many bytes v takes in a batch.
func Size(v Value) int {
	n := uint(len(v.Payload))
	return len(v.ID) + (bits.Len(n|1)+6)/7 + len(v.Payload)
}

// Digest names a batch: BLAKE3-256 of its bytes.
func Digest(data []byte) bft.Hash { return blake3.Sum256(data) }

// Values yields the values of a batch in order; payloads alias data. It stops
// early at malformed bytes: use [Check] first on what comes from outside.
func Values(data []byte) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		data := data[min(len(Salt{}), len(data)):]
		for len(data) > 0 {
			v, rest, err := next(data)
			if err != nil || !yield(v) {
				return
			}
			data = rest
		}
	}
}

// Check reads a whole batch and returns the ids of its values in order, or
// [ErrMalformed]: a batch or value that is empty, a length that is not in its
// shortest form or runs past the end, or more than [MaxSize] bytes.
func Check(data []byte) ([]ValueID, error) {
	if len(data) <= len(Salt{}) || len(data) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(data))
	}
	data = data[len(Salt{}):]
	var ids []ValueID
	for len(data) > 0 {
		v, rest, err := next(data)
		if err != nil {
			return nil, err
		}
		ids = append(ids, v.ID)
		data = rest
	}
	return ids, nil
}

func next(data []byte) (v Value, rest []byte, err error) {
	if len(data) < len(v.ID) {
		return v, nil, fmt.Errorf("%w: cut off in an id", ErrMalformed)
	}
	copy(v.ID[:], data)
	data = data[len(v.ID):]
	size, n := binary.Uvarint(data)
	if n <= 0 || n > 1 && data[n-1] == 0 {
		return v, nil, fmt.Errorf("%w: bad length", ErrMalformed)
	}
	data = data[n:]
	if size == 0 || size > uint64(len(data)) {
		return v, nil, fmt.Errorf("%w: a value of %d bytes where %d are left", ErrMalformed, size, len(data))
	}
	v.Payload = data[:size:size]
	return v, data[size:], nil
}
