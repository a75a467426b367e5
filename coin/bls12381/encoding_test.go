package bls12381

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"

	curve "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"go.dedis.ch/kyber/v3"
)

// encodings that are wrong in exactly one way, by group.
func wrongPoints() map[string]map[string][]byte {
	var one fp.Element
	one.SetOne()
	off1 := PointG1{curve.GeneratePointNotInG1(one)}
	off2 := PointG2{curve.GeneratePointNotInG2(curve.E2{A0: one})}
	raw1 := new(PointG1).Base().(*PointG1).affine().RawBytes()
	raw2 := new(PointG2).Base().(*PointG2).affine().RawBytes()
	wrong := map[string]map[string][]byte{
		"bls12-381.G1": {
			"order 3":              lowOrder(),
			"outside the subgroup": must(off1.MarshalBinary()),
			"uncompressed":         raw1[:],
			"x not on the curve":   offCurve(),
		},
		"bls12-381.G2": {
			"outside the subgroup": must(off2.MarshalBinary()),
			"uncompressed":         raw2[:],
		},
		"bls12-381.GT": {
			"zero":                 make([]byte, SizeGT),
			"outside the subgroup": append(make([]byte, SizeGT-1), 2),
			"not reduced":          append(bytes.Repeat([]byte{0xff}, 48), must(new(PointGT).Base().MarshalBinary())[48:]...),
		},
	}
	for _, g := range []*Group{G1, G2} {
		base := must(g.Point().Base().MarshalBinary())
		edit := func(f func(b []byte)) []byte {
			b := slices.Clone(base)
			f(b)
			return b
		}
		w := wrong[g.String()]
		w["not compressed flag"] = edit(func(b []byte) { b[0] &^= 0x80 })
		w["infinity flag on a point"] = edit(func(b []byte) { b[0] |= 0x40 })
		w["another x"] = edit(func(b []byte) { b[len(b)-1] ^= 1 })
		w["x not reduced"] = append([]byte{0x9a}, bytes.Repeat([]byte{0xff}, g.size-1)...)
		w["x is p"] = append(unhex("9a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"), make([]byte, g.size-48)...)
		w["infinity with a sign"] = append([]byte{0xe0}, make([]byte, g.size-1)...)
		w["infinity with a tail"] = append(append([]byte{0xc0}, make([]byte, g.size-2)...), 1)
		w["uncompressed infinity"] = append([]byte{0x40}, make([]byte, g.size-1)...)
	}
	for _, g := range groups {
		base := must(g.Point().Base().MarshalBinary())
		wrong[g.String()]["empty"] = nil
		wrong[g.String()]["cut off"] = base[:len(base)-1]
		wrong[g.String()]["one byte more"] = append(slices.Clone(base), 0)
	}
	return wrong
}

// offCurve is the smallest x for which x^3 + 4 is not a square.
func offCurve() []byte {
	for x := uint64(0); ; x++ {
		var e, square fp.Element
		e.SetUint64(x)
		square.Square(&e)
		square.Mul(&square, &e)
		e.SetUint64(4)
		if square.Add(&square, &e); square.Legendre() == -1 {
			return append(append([]byte{0x80}, make([]byte, SizeG1-2)...), byte(x))
		}
	}
}

// lowOrder is the point (0, 2): on the curve y^2 = x^3 + 4, of order 3.
func lowOrder() []byte { return append([]byte{0x80}, make([]byte, SizeG1-1)...) }

func TestDecodersRefuse(t *testing.T) {
	wrong := wrongPoints()
	for _, g := range groups {
		for name, data := range wrong[g.String()] {
			p := g.Point().Base()
			if err := p.UnmarshalBinary(data); !errors.Is(err, ErrPoint) {
				t.Errorf("%v: %s: %v", g, name, err)
			}
			if !p.Equal(g.Point().Base()) {
				t.Errorf("%v: %s: a refused encoding changed the point", g, name)
			}
		}
		if err := g.Point().UnmarshalBinary(must(g.Point().Null().MarshalBinary())); err != nil {
			t.Errorf("%v: the neutral element: %v", g, err)
		}
		if _, err := g.Point().UnmarshalFrom(strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: a short stream: %v", g, err)
		}
	}
	for name, data := range map[string][]byte{
		"empty": nil, "31 bytes": make([]byte, 31), "33 bytes": make([]byte, 33), "not reduced": bytes.Repeat([]byte{0xff}, 32),
	} {
		if err := new(Scalar).UnmarshalBinary(data); !errors.Is(err, ErrScalar) {
			t.Errorf("scalar: %s: %v", name, err)
		}
	}
}

// A point outside the subgroup is what the quick decoder lets pass, and the only
// thing that it lets pass.
func TestUnmarshalOnCurve(t *testing.T) {
	for name, data := range wrongPoints()["bls12-381.G1"] {
		p := new(PointG1)
		err := p.UnmarshalOnCurve(data)
		if name == "order 3" || name == "outside the subgroup" || name == "another x" {
			if err != nil || p.InSubgroup() {
				t.Errorf("%s: %v, in the subgroup: %v", name, err, p.InSubgroup())
			}
			continue
		}
		if !errors.Is(err, ErrPoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	low := new(PointG1)
	if err := low.UnmarshalOnCurve(lowOrder()); err != nil {
		t.Fatal(err)
	}
	three := Sum([]*PointG1{low}, []*big.Int{big.NewInt(3)})
	if !three.IsNull() || !three.InSubgroup() {
		t.Error("three times the point of order 3 is not neutral")
	}
}

// Nothing about a scalar gets into a log.
func TestScalarsPrintNothing(t *testing.T) {
	s := new(Scalar).SetInt64(0x1234567)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if got := fmt.Sprintf(verb, s); got != "bls12-381.Scalar" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func fuzz(f *testing.F, fresh func() kyber.Marshaling, seeds ...[]byte) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := fresh()
		if m.UnmarshalBinary(data) == nil && !bytes.Equal(must(m.MarshalBinary()), data) {
			t.Fatalf("%x decodes to what encodes as %x", data, must(m.MarshalBinary()))
		}
	})
}

func pointSeeds(g *Group) [][]byte {
	seeds := [][]byte{must(g.Point().Base().MarshalBinary()), must(g.Point().Null().MarshalBinary())}
	for _, data := range wrongPoints()[g.String()] {
		seeds = append(seeds, data)
	}
	return seeds
}

func FuzzG2(f *testing.F) {
	fuzz(f, func() kyber.Marshaling { return G2.Point() }, pointSeeds(G2)...)
}

func FuzzGT(f *testing.F) {
	fuzz(f, func() kyber.Marshaling { return GT.Point() }, pointSeeds(GT)...)
}

func FuzzScalar(f *testing.F) {
	fuzz(f, func() kyber.Marshaling { return new(Scalar) }, make([]byte, SizeScalar), bytes.Repeat([]byte{0xff}, SizeScalar))
}

// The two decoders of G1 differ in the subgroup check and in nothing else.
func FuzzG1(f *testing.F) {
	for _, seed := range pointSeeds(G1) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var full, quick PointG1
		fullErr, quickErr := full.UnmarshalBinary(data), quick.UnmarshalOnCurve(data)
		if (fullErr == nil) != (quickErr == nil && quick.InSubgroup()) {
			t.Fatalf("%x: %v, on the curve: %v", data, fullErr, quickErr)
		}
		if fullErr == nil && !bytes.Equal(must(full.MarshalBinary()), data) {
			t.Fatalf("%x decodes to what encodes as %v", data, &full)
		}
	})
}
