package bls12381

import (
	"bytes"
	"math/big"
	"testing"

	"go.dedis.ch/kyber/v3"
	"go.dedis.ch/kyber/v3/proof"
	kybertest "go.dedis.ch/kyber/v3/util/test"
	"pgregory.net/rapid"
)

var groups = []*Group{G1, G2, GT}

// Kyber's own conformance test of a suite.
func TestKyberConformance(t *testing.T) {
	for _, g := range groups {
		t.Run(g.String(), func(t *testing.T) { kybertest.SuiteTest(t, g) })
	}
}

func drawScalar(t *rapid.T, name string) kyber.Scalar {
	if small := rapid.Int64Range(-3, 3).Draw(t, name+" small"); small != 3 {
		return new(Scalar).SetInt64(small)
	}
	return new(Scalar).SetBytes(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
}

// The laws of a field and of its modules, also where the result is written over
// an operand, and no operation touches an operand that it is not called on.
func TestLaws(t *testing.T) {
	for _, g := range groups {
		t.Run(g.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a, b := drawScalar(t, "a"), drawScalar(t, "b")
				p := g.Point().Mul(drawScalar(t, "p"), nil)
				q := g.Point().Mul(drawScalar(t, "q"), nil)
				before := []kyber.Marshaling{a.Clone(), b.Clone(), p.Clone(), q.Clone()}
				sum, product := g.Scalar().Add(a, b), g.Scalar().Mul(a, b)
				equal := func(law string, x, y kyber.Point) {
					if !x.Equal(y) || !bytes.Equal(must(x.MarshalBinary()), must(y.MarshalBinary())) {
						t.Fatalf("%s: %v and %v", law, x, y)
					}
				}
				equal("(a+b)p = ap+bp", g.Point().Mul(sum, p), g.Point().Add(g.Point().Mul(a, p), g.Point().Mul(b, p)))
				equal("(ab)p = a(bp)", g.Point().Mul(product, p), g.Point().Mul(a, g.Point().Mul(b, p)))
				equal("a(p+q) = ap+aq", g.Point().Mul(a, g.Point().Add(p, q)), g.Point().Add(g.Point().Mul(a, p), g.Point().Mul(a, q)))
				equal("p+q = q+p", g.Point().Add(p, q), g.Point().Add(q, p))
				equal("(p-q)+q = p", g.Point().Add(g.Point().Sub(p, q), q), p)
				equal("p-p = 0", g.Point().Sub(p, p), g.Point().Null())
				equal("p+0 = p", g.Point().Add(p, g.Point().Null()), p)
				equal("-p = (-1)p", g.Point().Neg(p), g.Point().Mul(g.Scalar().SetInt64(-1), p))
				over := p.Clone()
				equal("2p over p", over.Add(over, over), g.Point().Mul(g.Scalar().SetInt64(2), p))
				over = p.Clone()
				equal("q+p over p", over.Add(q, over), g.Point().Add(q, p))
				over = p.Clone()
				equal("q-p over p", over.Sub(q, over), g.Point().Sub(q, p))
				over = p.Clone()
				equal("ap over p", over.Mul(a, over), g.Point().Mul(a, p))
				if !b.Equal(g.Scalar().Zero()) {
					quotient := g.Scalar().Div(a, b)
					if !quotient.Mul(quotient, b).Equal(a) || !g.Scalar().Sub(sum, b).Equal(a) {
						t.Fatal("a/b*b, a+b-b")
					}
				}
				for i, now := range []kyber.Marshaling{a, b, p, q} {
					if !bytes.Equal(must(now.MarshalBinary()), must(before[i].MarshalBinary())) {
						t.Fatalf("operand %d was changed", i)
					}
				}
			})
		})
	}
}

func TestPairingIsBilinear(t *testing.T) {
	suite := Suite{}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawScalar(t, "a"), drawScalar(t, "b")
		p, q := G1.Point().Mul(a, nil), G2.Point().Mul(b, nil)
		want := GT.Point().Mul(new(Scalar).Mul(a, b), nil)
		if !suite.Pair(p, q).Equal(want) {
			t.Fatal("e(aP, bQ) is not e(P, Q)^ab")
		}
		same := EqualPairings(p.(*PointG1), Prepare(q.(*PointG2)), new(PointG1).Mul(new(Scalar).Mul(a, b), nil).(*PointG1), PreparedBase())
		other := EqualPairings(p.(*PointG1), Prepare(q.(*PointG2)), new(PointG1).Base().(*PointG1), PreparedBase())
		if !same || other != new(Scalar).Mul(a, b).Equal(new(Scalar).One()) {
			t.Fatalf("prepared pairings: %v, %v", same, other)
		}
	})
	if suite.Pair(G1.Point().Base(), G2.Point().Base()).Equal(GT.Point().Null()) {
		t.Error("the pairing is degenerate")
	}
}

func TestSumIsMulsAndAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 5).Draw(t, "n")
		points, factors := make([]*PointG1, n), make([]*big.Int, n)
		want := G1.Point()
		for i := range points {
			points[i] = new(PointG1).Mul(drawScalar(t, "p"), nil).(*PointG1)
			scalar := drawScalar(t, "s").(*Scalar)
			factors[i] = scalar.big()
			if rapid.Bool().Draw(t, "small") {
				small := rapid.Int64().Draw(t, "factor")
				factors[i], scalar = big.NewInt(small), new(Scalar).SetInt64(small).(*Scalar)
			}
			want.Add(want, G1.Point().Mul(scalar, points[i]))
		}
		if got := Sum(points, factors); !got.Equal(want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// A non-interactive proof exercises Read, Write, XOF and picking from streams.
func TestKyberProof(t *testing.T) {
	for _, g := range groups {
		x := g.Scalar().Pick(g.RandomStream())
		points := map[string]kyber.Point{"B": g.Point().Base(), "X": g.Point().Mul(x, nil)}
		statement := proof.Rep("X", "x", "B")
		data, err := proof.HashProve(g, "test", statement.Prover(g, map[string]kyber.Scalar{"x": x}, points, nil))
		if err != nil {
			t.Fatalf("%v: %v", g, err)
		}
		if err := proof.HashVerify(g, "test", statement.Verifier(g, points), data); err != nil {
			t.Errorf("%v: %v", g, err)
		}
		points["X"] = g.Point().Base()
		if proof.HashVerify(g, "test", statement.Verifier(g, points), data) == nil {
			t.Errorf("%v: the proof fits another statement", g)
		}
	}
}

func TestReadIsTheInverseOfWrite(t *testing.T) {
	type pair struct {
		S kyber.Scalar
		P kyber.Point
	}
	for _, g := range groups {
		in := pair{g.Scalar().SetInt64(7), g.Point().Mul(g.Scalar().SetInt64(7), nil)}
		var buf bytes.Buffer
		var out pair
		if err := g.Write(&buf, &in); err != nil {
			t.Fatal(err)
		}
		if want := g.ScalarLen() + g.PointLen(); buf.Len() != want {
			t.Errorf("%v: %d bytes, not %d", g, buf.Len(), want)
		}
		if err := g.Read(&buf, &out); err != nil || !out.S.Equal(in.S) || !out.P.Equal(in.P) {
			t.Errorf("%v: %v", g, err)
		}
	}
	var buf bytes.Buffer
	var out kyber.Scalar
	if err := (Suite{}).Write(&buf, new(Scalar).One()); err != nil {
		t.Fatal(err)
	}
	if err := (Suite{}).Read(&buf, &out); err != nil || !out.Equal(new(Scalar).One()) {
		t.Error(err)
	}
}
