package coin

import (
	"fmt"
	"math/big"

	"abad/bft"
	"abad/coin/bls12381"
)

// VerifyShare checks the signature share of a node on msg. The error is an
// [ErrBadShare].
func (g Group) VerifyShare(from bft.ID, msg, share []byte) error {
	key := g.ShareKey(from)
	if key == nil {
		return fmt.Errorf("%w: node %d of %d", ErrBadShare, from, g.Nodes())
	}
	if err := key.verify(msg, share); err != nil {
		return fmt.Errorf("%w: %w", ErrBadShare, err)
	}
	return nil
}

// Combine makes the group's signature on msg, 48 bytes, from exactly Threshold
// shares of different nodes. Shares are neither checked one by one nor for the
// subgroup: there is one valid signature, so if the result is it, nothing that
// was wrong with a share matters. If not, the error is an [ErrBadShares].
func (g Group) Combine(msg []byte, shares []Share) ([]byte, error) {
	sig, err := g.interpolate(shares)
	if err != nil {
		return nil, err
	}
	if !g.key.made(msg, sig) {
		return nil, ErrBadShares
	}
	return encode(sig), nil
}

// interpolate makes a point of the subgroup of Threshold shares: the signature,
// unless one of them is bad.
func (g Group) interpolate(shares []Share) (*bls12381.PointG1, error) {
	if err := g.checkSenders(shares); err != nil {
		return nil, err
	}
	points := make([]*bls12381.PointG1, len(shares))
	for i, s := range shares {
		points[i] = new(bls12381.PointG1)
		if err := points[i].UnmarshalOnCurve(s.Sig); err != nil {
			return nil, fmt.Errorf("%w: node %d: %w", ErrBadShares, s.From, err)
		}
	}
	factors, inverse := lagrange(shares)
	sig := bls12381.Sum(points, factors)
	if !sig.InSubgroup() {
		return nil, ErrBadShares
	}
	if inverse != nil {
		sig.Mul(inverse, sig)
	}
	sig.Normalize()
	return sig, nil
}

func (g Group) checkSenders(shares []Share) error {
	if len(shares) != g.Threshold() {
		return fmt.Errorf("coin: %d shares to combine where the threshold is %d", len(shares), g.Threshold())
	}
	var seen bft.IDSet
	for _, s := range shares {
		if s.From < 0 || int(s.From) >= g.Nodes() {
			return fmt.Errorf("coin: a share of node %d of %d to combine", s.From, g.Nodes())
		}
		if !seen.Add(s.From) {
			return fmt.Errorf("coin: two shares of node %d to combine", s.From)
		}
	}
	return nil
}

// lagrange gives integers l and the inverse of another, d, with d*p(0) = sum of
// l[i] * p(x[i]) for every polynomial p of lower degree than there are shares,
// where x[i] is the place of a share's node, its index plus one:
//
//	l[i]/d = product of x[j] / (x[j] - x[i]) over j != i
//
// The l are small for nodes whose places are near each other, so that it is quicker
// to divide once, in the end, than to multiply each point by a fraction, which has
// as many bits as the order of the group. The inverse is nil if d is 1.
func lagrange(shares []Share) (l []*big.Int, inverse *bls12381.Scalar) {
	tops := make([]*big.Int, len(shares))
	bottoms := make([]*big.Int, len(shares))
	d := big.NewInt(1)
	var factor, common big.Int
	for i, s := range shares {
		tops[i], bottoms[i] = big.NewInt(1), big.NewInt(1)
		for j, o := range shares {
			if i != j {
				tops[i].Mul(tops[i], factor.SetInt64(int64(o.From)+1))
				bottoms[i].Mul(bottoms[i], factor.SetInt64(int64(o.From)-int64(s.From)))
			}
		}
		common.GCD(nil, nil, tops[i], factor.Abs(bottoms[i]))
		tops[i].Quo(tops[i], &common)
		bottoms[i].Quo(bottoms[i], &common)
		// d becomes the least common multiple of the bottoms.
		common.GCD(nil, nil, d, factor.Abs(bottoms[i]))
		d.Mul(d, factor.Quo(&factor, &common))
	}
	for i := range tops {
		tops[i].Mul(tops[i], factor.Quo(d, bottoms[i]))
	}
	if d.IsInt64() && d.Int64() == 1 {
		return tops, nil
	}
	inverse = new(bls12381.Scalar)
	inverse.SetBytes(d.Bytes())
	inverse.Inv(inverse)
	return tops, inverse
}
