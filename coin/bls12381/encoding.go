package bls12381

import (
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"go.dedis.ch/kyber/v3"
)

// ErrPoint marks bytes that are not the encoding of an element of the group.
var ErrPoint = errors.New("bls12381: not a point of the group")

// checkSize refuses what gnark would read in another form or only in part: it
// takes the uncompressed form at twice the size, and leaves a tail alone.
func checkSize(data []byte, size int) error {
	if len(data) != size {
		return fmt.Errorf("%w: %d bytes, not %d", ErrPoint, len(data), size)
	}
	return nil
}

func marshalTo(w io.Writer, m kyber.Marshaling) (int, error) {
	data, err := m.MarshalBinary()
	if err != nil {
		return 0, err
	}
	return w.Write(data)
}

func unmarshalFrom(r io.Reader, m kyber.Marshaling) (int, error) {
	data := make([]byte, m.MarshalSize())
	n, err := io.ReadFull(r, data)
	if err != nil {
		return n, err
	}
	return n, m.UnmarshalBinary(data)
}

// unmarshalPoint reads an encoding, or picks a point from r if it is a stream.
func unmarshalPoint(r io.Reader, p kyber.Point) (int, error) {
	if stream, ok := r.(cipher.Stream); ok {
		p.Pick(stream)
		return pickSize, nil
	}
	return unmarshalFrom(r, p)
}

func pointString(g *Group, p kyber.Point) string {
	data, err := p.MarshalBinary()
	if err != nil {
		panic("bls12381: internal error: " + err.Error())
	}
	return g.name + "(" + hex.EncodeToString(data) + ")"
}

// pickBytes are the bytes of a stream that become a point by hashing, so that
// nobody knows its discrete logarithm.
func pickBytes(rand cipher.Stream) []byte {
	seed := make([]byte, pickSize)
	rand.XORKeyStream(seed, seed)
	return seed
}

// pickTag separates hashing to picked points from any other.
var pickTag = []byte("abad/bls12381/pick/v1")
