package bls12381

import (
	"fmt"
	"math/big"
	"testing"

	"go.dedis.ch/kyber/v3/xof/blake2xb"
)

// BenchmarkSum against as many Muls and Adds is what Sum is for.
func BenchmarkSum(b *testing.B) {
	stream := blake2xb.New([]byte("bench"))
	for _, n := range []int{2, 6, 22} {
		points, scalars, factors := make([]*PointG1, n), make([]*Scalar, n), make([]*big.Int, n)
		for i := range points {
			points[i] = new(PointG1).Pick(stream).(*PointG1)
			scalars[i] = new(Scalar).Pick(stream).(*Scalar)
			factors[i] = scalars[i].big()
		}
		b.Run(fmt.Sprintf("sum/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Sum(points, factors)
			}
		})
		b.Run(fmt.Sprintf("muls/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var sum, term PointG1
				for i := range points {
					sum.Add(&sum, term.Mul(scalars[i], points[i]))
				}
			}
		})
	}
}

// BenchmarkPairings compares e(2P, Q) with e(P, 2Q).
func BenchmarkPairings(b *testing.B) {
	p, q := new(PointG1).Base().(*PointG1), new(PointG2).Base().(*PointG2)
	p2, q2 := new(PointG1).Add(p, p).(*PointG1), new(PointG2).Add(q, q).(*PointG2)
	b.Run("two of kyber", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !(Suite{}).Pair(p2, q).Equal((Suite{}).Pair(p, q2)) {
				b.Fatal("unequal")
			}
		}
	})
	b.Run("prepared", func(b *testing.B) {
		b.ReportAllocs()
		prepared, prepared2 := Prepare(q), Prepare(q2)
		for b.Loop() {
			if !EqualPairings(p2, prepared, p, prepared2) {
				b.Fatal("unequal")
			}
		}
	})
}

func BenchmarkDecodeG1(b *testing.B) {
	data := must(new(PointG1).Base().MarshalBinary())
	for name, decode := range map[string]func(*PointG1, []byte) error{
		"full": (*PointG1).UnmarshalBinary, "on curve": (*PointG1).UnmarshalOnCurve,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var p PointG1
			for b.Loop() {
				if err := decode(&p, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
