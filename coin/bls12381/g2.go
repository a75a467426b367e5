package bls12381

import (
	"crypto/cipher"
	"fmt"
	"io"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"go.dedis.ch/kyber/v3"
)

// SizeG2 is the size of an encoded point of G2 in bytes.
const SizeG2 = bls.SizeOfG2AffineCompressed

// PointG2 is a point of G2. The zero value is the neutral element.
type PointG2 struct{ p bls.G2Jac }

var _ kyber.Point = (*PointG2)(nil)

func (p *PointG2) affine() *bls.G2Affine { return new(bls.G2Affine).FromJacobian(&p.p) }

func (p *PointG2) setAffine(a *bls.G2Affine) *PointG2 {
	p.p.FromAffine(a)
	return p
}

// IsNull reports whether p is the neutral element.
func (p *PointG2) IsNull() bool { return p.p.Z.IsZero() }

// Equal reports whether p is q.
func (p *PointG2) Equal(q kyber.Point) bool { return p.p.Equal(&q.(*PointG2).p) }

// Null sets p to the neutral element.
func (p *PointG2) Null() kyber.Point {
	p.p = bls.G2Jac{}
	return p
}

// Base sets p to the generator.
func (p *PointG2) Base() kyber.Point {
	p.p = baseG2
	return p
}

// Set sets p to q.
func (p *PointG2) Set(q kyber.Point) kyber.Point {
	p.p = q.(*PointG2).p
	return p
}

// Clone is a copy of p.
func (p *PointG2) Clone() kyber.Point { return &PointG2{p.p} }

// Add sets p to a + b.
func (p *PointG2) Add(a, b kyber.Point) kyber.Point {
	sum := a.(*PointG2).p // a copy: p may be a or b
	sum.AddAssign(&b.(*PointG2).p)
	p.p = sum
	return p
}

// Sub sets p to a - b.
func (p *PointG2) Sub(a, b kyber.Point) kyber.Point {
	sum := a.(*PointG2).p
	sum.SubAssign(&b.(*PointG2).p)
	p.p = sum
	return p
}

// Neg sets p to -a.
func (p *PointG2) Neg(a kyber.Point) kyber.Point {
	p.p.Neg(&a.(*PointG2).p)
	return p
}

// Mul sets p to s*q, and to s times the generator if q is nil.
func (p *PointG2) Mul(s kyber.Scalar, q kyber.Point) kyber.Point {
	base := baseG2
	if q != nil {
		base = q.(*PointG2).p
	}
	p.p.ScalarMultiplication(&base, s.(*Scalar).big())
	return p
}

// Pick sets p to a random point of unknown discrete logarithm.
func (p *PointG2) Pick(rand cipher.Stream) kyber.Point {
	a, err := bls.HashToG2(pickBytes(rand), pickTag)
	if err != nil {
		panic("bls12381: internal error: " + err.Error())
	}
	return p.setAffine(&a)
}

// EmbedLen is 0, as in G1.
func (p *PointG2) EmbedLen() int { return 0 }

// Embed embeds the first EmbedLen bytes of data, none: it picks a point.
func (p *PointG2) Embed(_ []byte, rand cipher.Stream) kyber.Point { return p.Pick(rand) }

// Data is what Embed embedded: nothing.
func (p *PointG2) Data() ([]byte, error) { return nil, nil }

// String is the encoding in hexadecimal.
func (p *PointG2) String() string { return pointString(G2, p) }

// MarshalSize is [SizeG2].
func (p *PointG2) MarshalSize() int { return SizeG2 }

// MarshalBinary gives the compressed form, 96 bytes.
func (p *PointG2) MarshalBinary() ([]byte, error) {
	data := p.affine().Bytes()
	return data[:], nil
}

// UnmarshalBinary takes what MarshalBinary gives and nothing else.
func (p *PointG2) UnmarshalBinary(data []byte) error {
	if err := checkSize(data, SizeG2); err != nil {
		return err
	}
	var a bls.G2Affine
	if _, err := a.SetBytes(data); err != nil {
		return fmt.Errorf("%w: %w", ErrPoint, err)
	}
	p.setAffine(&a)
	return nil
}

// MarshalTo writes the encoding.
func (p *PointG2) MarshalTo(w io.Writer) (int, error) { return marshalTo(w, p) }

// UnmarshalFrom reads an encoding, or picks from r if it is a stream.
func (p *PointG2) UnmarshalFrom(r io.Reader) (int, error) { return unmarshalPoint(r, p) }
