package coin

import (
	"fmt"

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
	sig := bls12381.Sum(points, lagrange(shares))
	if !sig.InSubgroup() {
		return nil, ErrBadShares
	}
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

// lagrange gives the factors l with p(0) = sum of l[i] * p(x[i]) for every
// polynomial p of lower degree than there are shares, where x[i] is the place of
// a share's node, its index plus one:
//
//	l[i] = product of x[j] / (x[j] - x[i]) over j != i
func lagrange(shares []Share) []*bls12381.Scalar {
	places := make([]*bls12381.Scalar, len(shares))
	all := new(bls12381.Scalar)
	all.One()
	for i, s := range shares {
		places[i] = new(bls12381.Scalar)
		places[i].SetInt64(int64(s.From) + 1)
		all.Mul(all, places[i])
	}
	factors := make([]*bls12381.Scalar, len(shares))
	var difference, divisor bls12381.Scalar
	for i, x := range places {
		divisor.Set(x)
		for j, y := range places {
			if i != j {
				divisor.Mul(&divisor, difference.Sub(y, x))
			}
		}
		factors[i] = new(bls12381.Scalar)
		factors[i].Div(all, &divisor)
	}
	return factors
}
