// Package codec fixes the one encoding of everything that is hashed, sent or
// stored: CBOR (RFC 8949) in its core deterministic form (section 4.2.1), read
// with strict limits because most of it comes from peers.
package codec

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Limits of what Unmarshal reads. Our own messages are flat: the deepest nests
// five levels, the longest list is a header's or a frame's.
const (
	maxElements = 1 << 16
	maxPairs    = 64
	maxNesting  = 8
)

// ErrNotCanonical marks bytes that decode but are not the encoding of what they
// decode to. Two spellings of one thing would have two hashes.
var ErrNotCanonical = errors.New("not in canonical form")

var (
	encoder = must(cbor.CoreDetEncOptions().EncMode())
	decoder = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxArrayElements:  maxElements,
		MaxMapPairs:       maxPairs,
		MaxNestedLevels:   maxNesting,
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic("codec: internal error: " + err.Error())
	}
	return mode
}

// Marshal encodes v. It panics where v's type cannot be encoded: types are ours.
func Marshal(v any) []byte {
	data, err := encoder.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("codec: internal error: %T: %v", v, err))
	}
	return data
}

// Unmarshal decodes exactly one item that fills data.
func Unmarshal(data []byte, v any) error { return decoder.Unmarshal(data, v) }

// UnmarshalCanonical is Unmarshal for what will be hashed: data must also be
// what Marshal gives for the result, else the error is [ErrNotCanonical].
func UnmarshalCanonical(data []byte, v any) error {
	if err := Unmarshal(data, v); err != nil {
		return err
	}
	if !bytes.Equal(Marshal(v), data) {
		return ErrNotCanonical
	}
	return nil
}
