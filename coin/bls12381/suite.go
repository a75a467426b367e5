package bls12381

import (
	"crypto/cipher"
	"crypto/sha256"
	"hash"
	"io"
	"reflect"

	"go.dedis.ch/fixbuf"
	"go.dedis.ch/kyber/v3"
	"go.dedis.ch/kyber/v3/pairing"
	"go.dedis.ch/kyber/v3/util/random"
	"go.dedis.ch/kyber/v3/xof/blake2xb"
)

// Suite is kyber's [pairing.Suite]. The zero value is ready; it has no state.
type Suite struct{ tools }

var _ pairing.Suite = Suite{}

// G1 is the group of signatures.
func (Suite) G1() kyber.Group { return G1 }

// G2 is the group of keys.
func (Suite) G2() kyber.Group { return G2 }

// GT is the group that pairings end in, written additively as kyber does.
func (Suite) GT() kyber.Group { return GT }

// Pair is e(p1, p2) for p1 in G1 and p2 in G2.
func (Suite) Pair(p1, p2 kyber.Point) kyber.Point {
	return pair(p1.(*PointG1), p2.(*PointG2))
}

// Read and Write encode composites of scalars. What a kyber.Point is depends on
// the group: read points with [Group.Read].
func (s Suite) Read(r io.Reader, objs ...any) error  { return fixbuf.Read(r, s, objs...) }
func (s Suite) Write(w io.Writer, objs ...any) error { return fixbuf.Write(w, objs...) }

// New makes what fixbuf finds a nil interface for.
func (Suite) New(t reflect.Type) any {
	if t == scalarType {
		return new(Scalar)
	}
	return nil
}

// Group is one of the three groups. It is complete enough to be the suite of
// kyber's key, proof, vss and dkg packages.
type Group struct {
	tools
	name  string
	size  int
	point func() kyber.Point
}

// The groups, all of the prime order r of about 255 bits.
var (
	G1 = &Group{name: "bls12-381.G1", size: SizeG1, point: func() kyber.Point { return new(PointG1) }}
	G2 = &Group{name: "bls12-381.G2", size: SizeG2, point: func() kyber.Point { return new(PointG2) }}
	GT = &Group{name: "bls12-381.GT", size: SizeGT, point: func() kyber.Point { return new(PointGT).Null() }}
)

// String names the group.
func (g *Group) String() string { return g.name }

// ScalarLen is the size of an encoded scalar in bytes.
func (g *Group) ScalarLen() int { return SizeScalar }

// Scalar is a new zero.
func (g *Group) Scalar() kyber.Scalar { return new(Scalar) }

// PointLen is the size of an encoded point in bytes.
func (g *Group) PointLen() int { return g.size }

// Point is a new neutral element.
func (g *Group) Point() kyber.Point { return g.point() }

// Read decodes fixed-size composites of scalars and of points of this group.
func (g *Group) Read(r io.Reader, objs ...any) error { return fixbuf.Read(r, g, objs...) }

// Write is the inverse of Read.
func (g *Group) Write(w io.Writer, objs ...any) error { return fixbuf.Write(w, objs...) }

// New makes what fixbuf finds a nil interface for.
func (g *Group) New(t reflect.Type) any {
	switch t {
	case scalarType:
		return g.Scalar()
	case pointType:
		return g.Point()
	}
	return nil
}

var (
	scalarType = reflect.TypeFor[kyber.Scalar]()
	pointType  = reflect.TypeFor[kyber.Point]()
)

// tools are the hash, the extendable output and the randomness of a suite.
type tools struct{}

// Hash is SHA-256.
func (tools) Hash() hash.Hash { return sha256.New() }

// XOF is BLAKE2Xb, as in kyber's other suites.
func (tools) XOF(seed []byte) kyber.XOF { return blake2xb.New(seed) }

// RandomStream is the operating system's randomness.
func (tools) RandomStream() cipher.Stream { return random.New() }
