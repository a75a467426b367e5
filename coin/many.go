package coin

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"

	"abad/coin/bls12381"
)

// coefficientSize is the size of the random coefficients of [PublicKey.VerifyAll]
// in bytes: a wrong signature passes with probability 2^-128.
const coefficientSize = 16

// VerifyAll checks sigs[i] on msgs[i] for all i at once, a sixth of the work of
// doing it one by one: with coefficients r that nobody can foresee, the sum of
// r[i]*sigs[i] is the signature on the sum of r[i]*hash(msgs[i]) (Bellare, Garay
// and Rabin, EUROCRYPT 1998, section 3.3). It says that all are right, or that
// some one is not: [PublicKey.Verify] then says which.
func (k *PublicKey) VerifyAll(msgs, sigs [][]byte) error {
	if len(msgs) != len(sigs) {
		return fmt.Errorf("coin: %d signatures on %d messages", len(sigs), len(msgs))
	}
	if len(msgs) == 0 {
		return nil
	}
	points := make([]*bls12381.PointG1, len(sigs))
	for i := range sigs {
		points[i] = new(bls12381.PointG1)
		if err := points[i].UnmarshalBinary(sigs[i]); err != nil { // with the subgroup check
			return fmt.Errorf("%w: %w", ErrBadSignature, err)
		}
		if points[i].IsNull() {
			return fmt.Errorf("%w: %w", ErrBadSignature, errNeutral)
		}
	}
	hashes := make([]*bls12381.PointG1, len(msgs))
	for i, msg := range msgs {
		hashes[i] = hash(msg)
	}
	if !k.madeAll(hashes, points) {
		return fmt.Errorf("%w: %w", ErrBadSignature, errors.New("one of them does not match the key and its message"))
	}
	return nil
}

// madeAll is made for many hashes and points of the subgroup.
func (k *PublicKey) madeAll(hashes, points []*bls12381.PointG1) bool {
	coefficients := make([]*big.Int, len(points))
	for i := range points {
		var random [coefficientSize]byte
		rand.Read(random[:]) // never fails
		coefficients[i] = new(big.Int).SetBytes(random[:])
	}
	sum, of := bls12381.Sum(points, coefficients), bls12381.Sum(hashes, coefficients)
	return bls12381.EqualPairings(sum, bls12381.PreparedBase(), of, k.lines)
}

// CombineAll is [Key.Combine] for many messages, with one check for all: shares[i]
// make the signature on msgs[i]. If it fails with [ErrBadShares], Combine tells for
// which message.
func (k *Key) CombineAll(msgs []Hashed, shares [][]Share) ([][]byte, error) {
	if len(msgs) != len(shares) {
		return nil, fmt.Errorf("coin: shares for %d of %d messages", len(shares), len(msgs))
	}
	if len(msgs) == 0 {
		return nil, nil
	}
	hashes := make([]*bls12381.PointG1, len(shares))
	points := make([]*bls12381.PointG1, len(shares))
	sigs := make([][]byte, len(shares))
	for i := range shares {
		var err error
		if points[i], err = k.group.interpolate(shares[i]); err != nil {
			return nil, err
		}
		if points[i].IsNull() {
			return nil, ErrBadShares
		}
		hashes[i], sigs[i] = msgs[i].point, encode(points[i])
	}
	if !k.group.key.madeAll(hashes, points) {
		return nil, ErrBadShares
	}
	return sigs, nil
}
