package bls12381

import (
	"bytes"
	"fmt"
	"math/big"
	"sync"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"go.dedis.ch/kyber/v3"
)

// SignatureTag is the domain separation tag of BLS signatures in G1 without
// augmentation (draft-irtf-cfrg-bls-signature-05 section 4.2.1), which drand's
// bls-unchained-g1-rfc9380 uses too.
const SignatureTag = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"

var baseG1, baseG2, _, _ = bls.Generators()

var baseGT = sync.OnceValue(func() bls.GT {
	return pair(&PointG1{baseG1}, &PointG2{baseG2}).e
})

func pair(p *PointG1, q *PointG2) *PointGT {
	e, err := bls.Pair([]bls.G1Affine{*p.affine()}, []bls.G2Affine{*q.affine()})
	if err != nil {
		panic("bls12381: internal error: " + err.Error())
	}
	return &PointGT{e}
}

// HashG1 hashes msg to G1 by BLS12381G1_XMD:SHA-256_SSWU_RO_ (RFC 9380 section
// 8.8.1) under a domain separation tag of at most 255 bytes.
func HashG1(msg, tag []byte) *PointG1 {
	a, err := bls.HashToG1(msg, tag)
	if err != nil {
		panic("bls12381: internal error: " + err.Error())
	}
	return new(PointG1).setAffine(&a)
}

// Hash sets p to the hash of msg under [SignatureTag]. Kyber's sign/bls and
// sign/tbls find it by its name.
func (p *PointG1) Hash(msg []byte) kyber.Point {
	return p.Set(HashG1(msg, []byte(SignatureTag)))
}

// UnmarshalOnCurve is UnmarshalBinary without the subgroup check, which is most
// of the work. It suits terms of a [Sum] whose result is checked with
// InSubgroup; no other method is right for a point outside the subgroup.
func (p *PointG1) UnmarshalOnCurve(data []byte) error {
	if err := checkSize(data, SizeG1); err != nil {
		return err
	}
	var a bls.G1Affine
	if err := bls.NewDecoder(bytes.NewReader(data), bls.NoSubgroupChecks()).Decode(&a); err != nil {
		return fmt.Errorf("%w: %w", ErrPoint, err)
	}
	p.setAffine(&a)
	return nil
}

// InSubgroup reports whether p has order r: true for every point that did not
// come from UnmarshalOnCurve.
func (p *PointG1) InSubgroup() bool { return p.p.IsInSubGroup() }

// Sum is factors[0]*points[0] + factors[1]*points[1] + ... for integers of either
// sign that are no secrets: it takes the longer, the more bits they have. The
// doublings are shared (Straus), the digits are signed. Unlike Mul it is right for
// points outside the subgroup too. Both lists have the same length.
func Sum(points []*PointG1, factors []*big.Int) *PointG1 {
	plus := make([]bls.G1Affine, len(factors))
	minus := make([]bls.G1Affine, len(factors))
	once := make([]*big.Int, len(factors)) // the absolute factors, and three times that
	thrice := make([]*big.Int, len(factors))
	top := 0
	for i, f := range factors {
		plus[i] = *points[i].affine()
		minus[i].Neg(&plus[i])
		if f.Sign() < 0 {
			plus[i], minus[i] = minus[i], plus[i]
		}
		once[i] = new(big.Int).Abs(f)
		thrice[i] = new(big.Int).Mul(once[i], three)
		top = max(top, thrice[i].BitLen())
	}
	sum := new(PointG1)
	for bit := top - 1; bit > 0; bit-- {
		sum.p.DoubleAssign()
		for i := range factors {
			// 2x is 3x - x: the difference of their bits gives x signed digits of
			// which no two neighbours are other than 0 (Reitwiesner 1960).
			switch int(thrice[i].Bit(bit)) - int(once[i].Bit(bit)) {
			case 1:
				sum.p.AddMixed(&plus[i])
			case -1:
				sum.p.AddMixed(&minus[i])
			}
		}
	}
	return sum
}

var three = big.NewInt(3)

// PreparedG2 is a point of G2 with the part of its pairings that depends on
// nothing else (24 KiB). It saves a quarter of [EqualPairings].
type PreparedG2 struct {
	lines [2][len(bls.LoopCounter) - 1]bls.LineEvaluationAff
}

// Prepare prepares q, which is not the neutral element.
func Prepare(q *PointG2) *PreparedG2 {
	return &PreparedG2{bls.PrecomputeLines(*q.affine())}
}

// PreparedBase is the generator of G2.
var PreparedBase = sync.OnceValue(func() *PreparedG2 { return Prepare(&PointG2{baseG2}) })

// EqualPairings reports whether e(a, x) = e(b, y).
func EqualPairings(a *PointG1, x *PreparedG2, b *PointG1, y *PreparedG2) bool {
	minus := new(bls.G1Affine).Neg(b.affine())
	// A copy, because gnark computes in the lines that it is given.
	lines := [...][2][len(bls.LoopCounter) - 1]bls.LineEvaluationAff{x.lines, y.lines}
	ok, err := bls.PairingCheckFixedQ([]bls.G1Affine{*a.affine(), *minus}, lines[:])
	if err != nil {
		panic("bls12381: internal error: " + err.Error())
	}
	return ok
}
