package coin

import (
	"errors"
	"fmt"
	"io"

	"go.dedis.ch/kyber/v3/share"

	"abad/bft"
	"abad/codec"
	"abad/coin/bls12381"
)

// ErrSecret marks what is not a node's share of a secret key. It says nothing
// about the bytes that it was found in.
var ErrSecret = errors.New("coin: bad secret share")

// Secret is one node's share of the secret key. It prints as a placeholder.
type Secret struct {
	id bft.ID
	// A pointer, because fmt prints the fields of a struct inside another one
	// without asking its methods.
	scalar *bls12381.Scalar
}

// ID is the node that the share belongs to.
func (s Secret) ID() bft.ID { return s.id }

// String names the share and keeps its value.
func (s Secret) String() string { return fmt.Sprintf("coin.Secret(node %d)", s.id) }

// Format prints String whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

type secretWire struct {
	ID     uint16 `cbor:"0,keyasint"`
	Scalar []byte `cbor:"1,keyasint"`
}

// MarshalBinary gives the encoding, which is to be kept secret.
func (s Secret) MarshalBinary() ([]byte, error) {
	if s.scalar == nil {
		return nil, ErrSecret
	}
	return codec.Marshal(secretWire{ID: uint16(s.id), Scalar: encode(s.scalar)}), nil
}

// UnmarshalBinary takes what MarshalBinary gives and nothing else.
func (s *Secret) UnmarshalBinary(data []byte) error {
	var wire secretWire
	if codec.UnmarshalCanonical(data, &wire) != nil { // its message may quote the secret
		return ErrSecret
	}
	if wire.ID >= bft.MaxNodes {
		return fmt.Errorf("%w: node %d", ErrSecret, wire.ID)
	}
	scalar := new(bls12381.Scalar)
	if err := scalar.UnmarshalBinary(wire.Scalar); err != nil {
		return fmt.Errorf("%w: %w", ErrSecret, err)
	}
	if scalar.IsZero() {
		return fmt.Errorf("%w: zero", ErrSecret)
	}
	*s = Secret{id: bft.ID(wire.ID), scalar: scalar}
	return nil
}

// dealSeed is how many random bytes a dealing takes: twice the 256 bits of a
// scalar, so that the seed is no weaker than what grows from it.
const dealSeed = 64

// Deal makes a new key for n nodes of which threshold can sign, and gives the
// node with index i the secret i. Whoever runs it knows the whole secret key for
// that moment: it is the trusted dealer, and should keep nothing. rand is
// [crypto/rand.Reader] but in tests.
func Deal(n, threshold int, rand io.Reader) (Group, []Secret, error) {
	if err := checkSizes(n, threshold); err != nil {
		return Group{}, nil, fmt.Errorf("coin: deal: %w", err)
	}
	// The seed is read first because kyber's streams cannot report an error.
	var seed [dealSeed]byte
	if _, err := io.ReadFull(rand, seed[:]); err != nil {
		return Group{}, nil, fmt.Errorf("coin: deal: %w", err)
	}
	poly := share.NewPriPoly(bls12381.G2, threshold, nil, bls12381.Suite{}.XOF(seed[:]))
	_, points := poly.Commit(nil).Info()
	commitments := make([]*bls12381.PointG2, len(points))
	for i, p := range points {
		commitments[i] = p.(*bls12381.PointG2)
	}
	secrets := make([]Secret, n)
	for i, s := range poly.Shares(n) {
		secrets[i] = Secret{id: bft.ID(i), scalar: s.V.(*bls12381.Scalar)}
	}
	return newGroup(n, commitments), secrets, nil
}
