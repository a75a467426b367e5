package coin

import (
	"encoding/hex"
	"errors"
	"fmt"

	"go.dedis.ch/kyber/v3"

	"abad/coin/bls12381"
)

// PublicKey checks signatures: the key of a group, or of one node's shares. It is
// parsed once and safe for concurrent use.
type PublicKey struct {
	point *bls12381.PointG2
	lines *bls12381.PreparedG2
}

var _ Verifier = (*PublicKey)(nil)

var errNeutral = errors.New("the neutral element")

// ParsePublicKey takes the 96 bytes of a key. The neutral element, for which
// everybody knows the secret, is no key.
func ParsePublicKey(data []byte) (*PublicKey, error) {
	point, err := parsePoint(data)
	if err != nil {
		return nil, fmt.Errorf("coin: public key: %w", err)
	}
	return newPublicKey(point), nil
}

func parsePoint(data []byte) (*bls12381.PointG2, error) {
	point := new(bls12381.PointG2)
	if err := point.UnmarshalBinary(data); err != nil {
		return nil, err
	}
	if point.IsNull() {
		return nil, errNeutral
	}
	return point, nil
}

func newPublicKey(point *bls12381.PointG2) *PublicKey {
	return &PublicKey{point: point, lines: bls12381.Prepare(point)}
}

// Bytes is the encoding, 96 bytes.
func (k *PublicKey) Bytes() []byte { return encode(k.point) }

// String is the encoding in hexadecimal.
func (k *PublicKey) String() string { return hex.EncodeToString(k.Bytes()) }

// Verify checks a signature of 48 bytes on msg.
func (k *PublicKey) Verify(msg, sig []byte) error {
	if err := k.verify(msg, sig); err != nil {
		return fmt.Errorf("%w: %w", ErrBadSignature, err)
	}
	return nil
}

var errMismatch = errors.New("it does not match the key and the message")

func (k *PublicKey) verify(msg, sig []byte) error {
	point := new(bls12381.PointG1)
	if err := point.UnmarshalBinary(sig); err != nil {
		return err
	}
	if !k.made(msg, point) {
		return errMismatch
	}
	return nil
}

// made reports whether sig, a point of the subgroup, is this key's signature on
// msg: e(sig, generator) = e(hash, key).
func (k *PublicKey) made(msg []byte, sig *bls12381.PointG1) bool {
	return !sig.IsNull() && bls12381.EqualPairings(sig, bls12381.PreparedBase(), hash(msg), k.lines)
}

// Hashed is a message's point, which is half of the work of a signature. Who signs
// a message and combines the shares of others on it needs it twice.
type Hashed struct{ point *bls12381.PointG1 }

// Hash hashes a message to G1 (RFC 9380).
func Hash(msg []byte) Hashed { return Hashed{hash(msg)} }

func hash(msg []byte) *bls12381.PointG1 {
	return bls12381.HashG1(msg, []byte(bls12381.SignatureTag))
}

func encode(m kyber.Marshaling) []byte {
	data, err := m.MarshalBinary()
	if err != nil {
		panic("coin: internal error: " + err.Error())
	}
	return data
}
