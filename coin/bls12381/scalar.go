package bls12381

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"go.dedis.ch/kyber/v3"
)

// SizeScalar is the size of an encoded scalar in bytes.
const SizeScalar = fr.Bytes

// pickSize is how many random bytes are reduced to a scalar: 256 bits more than
// it has, so that its distance from uniform is nothing (RFC 9380 section 5 asks
// for 128 more). Unlike rejection this ends whatever the stream says.
const pickSize = SizeScalar + 32

// ErrScalar marks bytes that are not the encoding of a scalar.
var ErrScalar = errors.New("bls12381: not a scalar")

// Scalar is an integer modulo r, the order of the groups. The zero value is 0.
type Scalar struct{ v fr.Element }

var _ kyber.Scalar = (*Scalar)(nil)

func (s *Scalar) big() *big.Int { return s.v.BigInt(new(big.Int)) }

// IsZero reports whether s is 0.
func (s *Scalar) IsZero() bool { return s.v.IsZero() }

// Equal reports whether s is s2.
func (s *Scalar) Equal(s2 kyber.Scalar) bool { return s.v.Equal(&s2.(*Scalar).v) }

// Set sets s to a.
func (s *Scalar) Set(a kyber.Scalar) kyber.Scalar {
	s.v = a.(*Scalar).v
	return s
}

// Clone is a copy of s.
func (s *Scalar) Clone() kyber.Scalar { return &Scalar{s.v} }

// SetInt64 sets s to v modulo r.
func (s *Scalar) SetInt64(v int64) kyber.Scalar {
	s.v.SetInt64(v)
	return s
}

// Zero sets s to 0.
func (s *Scalar) Zero() kyber.Scalar {
	s.v.SetZero()
	return s
}

// One sets s to 1.
func (s *Scalar) One() kyber.Scalar {
	s.v.SetOne()
	return s
}

// Add sets s to a + b.
func (s *Scalar) Add(a, b kyber.Scalar) kyber.Scalar {
	s.v.Add(&a.(*Scalar).v, &b.(*Scalar).v)
	return s
}

// Sub sets s to a - b.
func (s *Scalar) Sub(a, b kyber.Scalar) kyber.Scalar {
	s.v.Sub(&a.(*Scalar).v, &b.(*Scalar).v)
	return s
}

// Neg sets s to -a.
func (s *Scalar) Neg(a kyber.Scalar) kyber.Scalar {
	s.v.Neg(&a.(*Scalar).v)
	return s
}

// Mul sets s to a * b.
func (s *Scalar) Mul(a, b kyber.Scalar) kyber.Scalar {
	s.v.Mul(&a.(*Scalar).v, &b.(*Scalar).v)
	return s
}

// Div sets s to a / b, and to 0 if b is 0.
func (s *Scalar) Div(a, b kyber.Scalar) kyber.Scalar {
	s.v.Div(&a.(*Scalar).v, &b.(*Scalar).v)
	return s
}

// Inv sets s to 1 / a, and to 0 if a is 0.
func (s *Scalar) Inv(a kyber.Scalar) kyber.Scalar {
	s.v.Inverse(&a.(*Scalar).v)
	return s
}

// Pick sets s to a uniformly random scalar.
func (s *Scalar) Pick(rand cipher.Stream) kyber.Scalar {
	var wide [pickSize]byte
	rand.XORKeyStream(wide[:], wide[:])
	return s.SetBytes(wide[:])
}

// SetBytes sets s to a big-endian integer of any size modulo r. To decode, use
// UnmarshalBinary.
func (s *Scalar) SetBytes(data []byte) kyber.Scalar {
	s.v.SetBytes(data)
	return s
}

// Format prints a placeholder: most scalars are secrets, and what can be printed
// ends up in a log.
func (s *Scalar) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// String is a placeholder; see Format.
func (s *Scalar) String() string { return "bls12-381.Scalar" }

// MarshalSize is [SizeScalar].
func (s *Scalar) MarshalSize() int { return SizeScalar }

// MarshalBinary gives 32 big-endian bytes.
func (s *Scalar) MarshalBinary() ([]byte, error) { return s.v.Marshal(), nil }

// UnmarshalBinary takes what MarshalBinary gives and nothing else.
func (s *Scalar) UnmarshalBinary(data []byte) error {
	if len(data) != SizeScalar {
		return fmt.Errorf("%w: %d bytes, not %d", ErrScalar, len(data), SizeScalar)
	}
	if err := s.v.SetBytesCanonical(data); err != nil {
		return fmt.Errorf("%w: not reduced", ErrScalar) // and no word about its value
	}
	return nil
}

// MarshalTo writes the encoding.
func (s *Scalar) MarshalTo(w io.Writer) (int, error) { return marshalTo(w, s) }

// UnmarshalFrom reads an encoding, or picks from r if it is a stream.
func (s *Scalar) UnmarshalFrom(r io.Reader) (int, error) {
	if stream, ok := r.(cipher.Stream); ok {
		s.Pick(stream)
		return pickSize, nil
	}
	return unmarshalFrom(r, s)
}
