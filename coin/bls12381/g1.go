package bls12381

import (
	"crypto/cipher"
	"fmt"
	"io"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"go.dedis.ch/kyber/v3"
)

// SizeG1 is the size of an encoded point of G1 in bytes.
const SizeG1 = bls.SizeOfG1AffineCompressed

// PointG1 is a point of G1. The zero value is the neutral element.
type PointG1 struct{ p bls.G1Jac }

var _ kyber.Point = (*PointG1)(nil)

func (p *PointG1) affine() *bls.G1Affine {
	if p.p.Z.IsOne() { // it saves an inversion
		return &bls.G1Affine{X: p.p.X, Y: p.p.Y}
	}
	return new(bls.G1Affine).FromJacobian(&p.p)
}

// Normalize makes later uses of p that need its affine form quicker.
func (p *PointG1) Normalize() { p.setAffine(p.affine()) }

func (p *PointG1) setAffine(a *bls.G1Affine) *PointG1 {
	p.p.FromAffine(a)
	return p
}

// IsNull reports whether p is the neutral element.
func (p *PointG1) IsNull() bool { return p.p.Z.IsZero() }

// Equal reports whether p is q.
func (p *PointG1) Equal(q kyber.Point) bool { return p.p.Equal(&q.(*PointG1).p) }

// Null sets p to the neutral element.
func (p *PointG1) Null() kyber.Point {
	p.p = bls.G1Jac{}
	return p
}

// Base sets p to the generator.
func (p *PointG1) Base() kyber.Point {
	p.p = baseG1
	return p
}

// Set sets p to q.
func (p *PointG1) Set(q kyber.Point) kyber.Point {
	p.p = q.(*PointG1).p
	return p
}

// Clone is a copy of p.
func (p *PointG1) Clone() kyber.Point { return &PointG1{p.p} }

// Add sets p to a + b.
func (p *PointG1) Add(a, b kyber.Point) kyber.Point {
	sum := a.(*PointG1).p // a copy: p may be a or b
	sum.AddAssign(&b.(*PointG1).p)
	p.p = sum
	return p
}

// Sub sets p to a - b.
func (p *PointG1) Sub(a, b kyber.Point) kyber.Point {
	sum := a.(*PointG1).p
	sum.SubAssign(&b.(*PointG1).p)
	p.p = sum
	return p
}

// Neg sets p to -a.
func (p *PointG1) Neg(a kyber.Point) kyber.Point {
	p.p.Neg(&a.(*PointG1).p)
	return p
}

// Mul sets p to s*q, and to s times the generator if q is nil.
func (p *PointG1) Mul(s kyber.Scalar, q kyber.Point) kyber.Point {
	base := baseG1
	if q != nil {
		base = q.(*PointG1).p
	}
	p.p.ScalarMultiplication(&base, s.(*Scalar).big())
	return p
}

// Pick sets p to a random point of unknown discrete logarithm.
func (p *PointG1) Pick(rand cipher.Stream) kyber.Point {
	return p.Set(HashG1(pickBytes(rand), pickTag))
}

// EmbedLen is 0: a point that carries data is not in the subgroup but by a
// chance of 2^-126.
func (p *PointG1) EmbedLen() int { return 0 }

// Embed embeds the first EmbedLen bytes of data, none: it picks a point.
func (p *PointG1) Embed(_ []byte, rand cipher.Stream) kyber.Point { return p.Pick(rand) }

// Data is what Embed embedded: nothing.
func (p *PointG1) Data() ([]byte, error) { return nil, nil }

// String is the encoding in hexadecimal.
func (p *PointG1) String() string { return pointString(G1, p) }

// MarshalSize is [SizeG1].
func (p *PointG1) MarshalSize() int { return SizeG1 }

// MarshalBinary gives the compressed form, 48 bytes.
func (p *PointG1) MarshalBinary() ([]byte, error) {
	data := p.affine().Bytes()
	return data[:], nil
}

// UnmarshalBinary takes what MarshalBinary gives and nothing else.
func (p *PointG1) UnmarshalBinary(data []byte) error {
	if err := checkSize(data, SizeG1); err != nil {
		return err
	}
	var a bls.G1Affine
	if _, err := a.SetBytes(data); err != nil {
		return fmt.Errorf("%w: %w", ErrPoint, err)
	}
	p.setAffine(&a)
	return nil
}

// MarshalTo writes the encoding.
func (p *PointG1) MarshalTo(w io.Writer) (int, error) { return marshalTo(w, p) }

// UnmarshalFrom reads an encoding, or picks from r if it is a stream.
func (p *PointG1) UnmarshalFrom(r io.Reader) (int, error) { return unmarshalPoint(r, p) }
