package bls12381

import (
	"crypto/cipher"
	"fmt"
	"io"

	bls "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"go.dedis.ch/kyber/v3"
)

// SizeGT is the size of an encoded element of GT in bytes.
const SizeGT = bls.SizeOfGT

// PointGT is an element of GT, the r-th roots of unity in the field of p^12
// elements. Kyber writes every group additively: Add multiplies, Mul raises to a
// power. The zero value is not an element; [Group.Point] makes a neutral one.
type PointGT struct{ e bls.GT }

var _ kyber.Point = (*PointGT)(nil)

// Equal reports whether p is q.
func (p *PointGT) Equal(q kyber.Point) bool { return p.e.Equal(&q.(*PointGT).e) }

// Null sets p to the neutral element, 1.
func (p *PointGT) Null() kyber.Point {
	p.e.SetOne()
	return p
}

// Base sets p to the pairing of the other two generators.
func (p *PointGT) Base() kyber.Point {
	p.e = baseGT()
	return p
}

// Pick sets p to a random power of Base.
func (p *PointGT) Pick(rand cipher.Stream) kyber.Point {
	return p.Mul(new(Scalar).Pick(rand), nil)
}

// Set sets p to q.
func (p *PointGT) Set(q kyber.Point) kyber.Point {
	p.e = q.(*PointGT).e
	return p
}

// Clone is a copy of p.
func (p *PointGT) Clone() kyber.Point { return &PointGT{p.e} }

// EmbedLen is 0, as in G1.
func (p *PointGT) EmbedLen() int { return 0 }

// Embed embeds the first EmbedLen bytes of data, none: it picks an element.
func (p *PointGT) Embed(_ []byte, rand cipher.Stream) kyber.Point { return p.Pick(rand) }

// Data is what Embed embedded: nothing.
func (p *PointGT) Data() ([]byte, error) { return nil, nil }

// Add sets p to a + b.
func (p *PointGT) Add(a, b kyber.Point) kyber.Point {
	p.e.Mul(&a.(*PointGT).e, &b.(*PointGT).e)
	return p
}

// Sub sets p to a - b.
func (p *PointGT) Sub(a, b kyber.Point) kyber.Point {
	var inverse bls.GT
	inverse.Conjugate(&b.(*PointGT).e)
	p.e.Mul(&a.(*PointGT).e, &inverse)
	return p
}

// Neg sets p to -a. The inverse of a root of unity is its conjugate.
func (p *PointGT) Neg(a kyber.Point) kyber.Point {
	p.e.Conjugate(&a.(*PointGT).e)
	return p
}

// Mul sets p to s*q, and to s times Base if q is nil.
func (p *PointGT) Mul(s kyber.Scalar, q kyber.Point) kyber.Point {
	base := baseGT()
	if q != nil {
		base = q.(*PointGT).e
	}
	p.e.ExpGLV(base, s.(*Scalar).big())
	return p
}

// String is the encoding in hexadecimal.
func (p *PointGT) String() string { return pointString(GT, p) }

// MarshalSize is [SizeGT].
func (p *PointGT) MarshalSize() int { return SizeGT }

// MarshalBinary gives the twelve coordinates, 576 bytes.
func (p *PointGT) MarshalBinary() ([]byte, error) {
	data := p.e.Bytes()
	return data[:], nil
}

// UnmarshalBinary takes what MarshalBinary gives and nothing else.
func (p *PointGT) UnmarshalBinary(data []byte) error {
	if err := checkSize(data, SizeGT); err != nil {
		return err
	}
	var e bls.GT
	if err := e.SetBytes(data); err != nil {
		return fmt.Errorf("%w: %w", ErrPoint, err)
	}
	if !e.IsInSubGroup() {
		return fmt.Errorf("%w: not in the subgroup", ErrPoint)
	}
	p.e = e
	return nil
}

// MarshalTo writes the encoding.
func (p *PointGT) MarshalTo(w io.Writer) (int, error) { return marshalTo(w, p) }

// UnmarshalFrom reads an encoding, or picks from r if it is a stream.
func (p *PointGT) UnmarshalFrom(r io.Reader) (int, error) { return unmarshalPoint(r, p) }
