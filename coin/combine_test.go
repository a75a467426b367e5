package coin

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"go.dedis.ch/kyber/v3/share"
	"go.dedis.ch/kyber/v3/sign/tbls"
	"pgregory.net/rapid"

	"abad/bft"
	"abad/coin/bls12381"
)

func sign(keys []*Key, msg []byte, from ...int) []Share {
	var shares []Share
	for _, i := range from {
		shares = append(shares, Share{From: bft.ID(i), Sig: keys[i].Sign(msg)})
	}
	return shares
}

func TestEveryThresholdSubsetGivesTheSameSignature(t *testing.T) {
	keys := deal(t, 7, 3)
	msg := []byte("message")
	want := must(keys[0].Combine(msg, sign(keys, msg, 0, 1, 2)))
	if err := keys[5].Verify(msg, want); err != nil {
		t.Fatal(err)
	}
	for a := range 7 {
		for b := range a {
			for c := range b {
				got, err := keys[a].Combine(msg, sign(keys, msg, b, a, c)) // in no order
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("shares %d, %d, %d: %x, %v", a, b, c, got, err)
				}
			}
		}
	}
}

// Kyber's own threshold signatures, which check every share, are the oracle.
func TestCombineIsKybersRecover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		threshold := rapid.IntRange(1, n).Draw(t, "threshold")
		msg := rapid.SliceOf(rapid.Byte()).Draw(t, "msg")
		group, secrets, err := Deal(n, threshold, seeded(rapid.Byte().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		var ours []Share
		var theirs [][]byte
		for _, i := range rapid.Permutation(slices.Collect(must(bft.NewQuorum(n)).IDs())).Draw(t, "from")[:threshold] {
			key := must(NewKey(group, secrets[i]))
			ours = append(ours, Share{From: i, Sig: key.Sign(msg)})
			theirs = append(theirs, must(tbls.Sign(bls12381.Suite{}, &share.PriShare{I: int(i), V: secrets[i].scalar}, msg)))
			if !bytes.Equal(theirs[len(theirs)-1][2:], ours[len(ours)-1].Sig) {
				t.Fatal("a share is not kyber's")
			}
		}
		poly := share.NewPubPoly(bls12381.G2, nil, kyberPoints(group))
		want, err := tbls.Recover(bls12381.Suite{}, poly, msg, theirs, threshold, n)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := group.Combine(msg, ours); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%x, %v, want %x", got, err, want)
		}
	})
}

func TestFewerSharesSayNothing(t *testing.T) {
	keys := deal(t, 7, 3)
	msg := []byte("message")
	if _, err := keys[0].Combine(msg, sign(keys, msg, 0, 1)); err == nil || errors.Is(err, ErrBadShares) {
		t.Errorf("two shares of three: %v", err)
	}
	// Nor do they with the threshold taken for lower than it is.
	group := keys[0].Group()
	low := newGroup(7, group.commitments[:2])
	if sig, err := low.Combine(msg, sign(keys, msg, 0, 1)); !errors.Is(err, ErrBadShares) {
		t.Errorf("two shares combine to %x: %v", sig, err)
	}
}

func TestCombineRefusesMisuse(t *testing.T) {
	keys := deal(t, 4, 2)
	msg := []byte("message")
	one := sign(keys, msg, 1)[0]
	for name, shares := range map[string][]Share{
		"none":         nil,
		"one":          {one},
		"three":        sign(keys, msg, 0, 1, 2),
		"one twice":    {one, one},
		"no such node": {one, {From: 4, Sig: one.Sig}},
		"everyone":     {one, {From: bft.Everyone, Sig: one.Sig}},
	} {
		if _, err := keys[0].Combine(msg, shares); err == nil || errors.Is(err, ErrBadShares) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// badSigs are what node 2 might send instead of its share on msg.
func badSigs(keys []*Key, msg []byte) map[string][]byte {
	right := new(bls12381.PointG1)
	if err := right.UnmarshalBinary(keys[2].Sign(msg)); err != nil {
		panic(err)
	}
	shifted := new(bls12381.PointG1)
	shifted.Add(right, lowOrder())
	notReduced := bytes.Repeat([]byte{0xff}, SignatureSize)
	notReduced[0] = 0x9f
	return map[string][]byte{
		"empty":                nil,
		"one byte short":       encode(right)[1:],
		"one byte more":        append(encode(right), 0),
		"infinity":             encode(bls12381.G1.Point().Null()),
		"the generator":        encode(bls12381.G1.Point().Base()),
		"minus the share":      encode(bls12381.G1.Point().Neg(right)),
		"another message":      keys[2].Sign([]byte("massage")),
		"another node's":       keys[3].Sign(msg),
		"outside the subgroup": encode(shifted),
		"order 3":              encode(lowOrder()),
		"not reduced":          notReduced,
		"not on the curve":     append([]byte{0x80}, bytes.Repeat([]byte{1}, SignatureSize-1)...),
		"no point at all":      make([]byte, SignatureSize),
	}
}

// lowOrder is the point (0, 2) of order 3: on the curve, outside the subgroup.
func lowOrder() *bls12381.PointG1 {
	p := new(bls12381.PointG1)
	if err := p.UnmarshalOnCurve(append([]byte{0x80}, make([]byte, SignatureSize-1)...)); err != nil {
		panic(err)
	}
	return p
}

func TestBadSharesAreFound(t *testing.T) {
	keys := deal(t, 4, 2)
	msg := []byte("message")
	want := must(keys[0].Combine(msg, sign(keys, msg, 0, 1)))
	for name, sig := range badSigs(keys, msg) {
		if err := keys[0].VerifyShare(2, msg, sig); !errors.Is(err, ErrBadShare) {
			t.Errorf("%s: alone: %v", name, err)
		}
		for _, other := range []int{0, 1, 3} {
			shares := append(sign(keys, msg, other), Share{From: 2, Sig: sig})
			sig, err := keys[0].Combine(msg, shares)
			if name == "outside the subgroup" && err == nil && bytes.Equal(sig, want) {
				continue // its factor was a multiple of 3 and healed it
			}
			if !errors.Is(err, ErrBadShares) {
				t.Errorf("%s: with node %d: %v", name, other, err)
			}
		}
		if err := keys[0].Verify(msg, sig); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s: as a signature: %v", name, err)
		}
	}
	for i, k := range keys {
		if err := keys[0].VerifyShare(bft.ID(i), msg, k.Sign(msg)); err != nil {
			t.Errorf("a right share: %v", err)
		}
	}
	if err := keys[0].VerifyShare(4, msg, keys[0].Sign(msg)); !errors.Is(err, ErrBadShare) {
		t.Errorf("a stranger's share: %v", err)
	}
}

// A group that a dealer did not make may give a node the secret 0. Its right
// share is then the neutral element, which is nobody's signature.
func TestNeutralShareIsRefused(t *testing.T) {
	a := new(bls12381.PointG2).Base()
	first := new(bls12381.PointG2).Mul(new(bls12381.Scalar).SetInt64(-3), a)
	group := newGroup(4, []*bls12381.PointG2{first.(*bls12381.PointG2), a.(*bls12381.PointG2)}) // p(x) = x - 3
	if !group.ShareKey(2).point.IsNull() {
		t.Fatal("node 2's secret is not 0")
	}
	neutral := encode(bls12381.G1.Point().Null())
	if err := group.VerifyShare(2, []byte("message"), neutral); !errors.Is(err, ErrBadShare) {
		t.Errorf("the neutral element as a share: %v", err)
	}
}

// Bad shares of nodes that know each other may cancel out. Then the result is
// the one valid signature all the same.
func TestSharesThatCancelOut(t *testing.T) {
	keys := deal(t, 4, 2)
	msg := []byte("message")
	want := must(keys[0].Combine(msg, sign(keys, msg, 0, 1)))
	shares := sign(keys, msg, 0, 1) // the factors of places 1 and 2 are 2 and -1
	for i, times := range []int64{1, 2} {
		p := new(bls12381.PointG1)
		if err := p.UnmarshalBinary(shares[i].Sig); err != nil {
			t.Fatal(err)
		}
		shares[i].Sig = encode(p.Add(p, new(bls12381.PointG1).Mul(new(bls12381.Scalar).SetInt64(times), nil)))
		if keys[3].VerifyShare(shares[i].From, msg, shares[i].Sig) == nil {
			t.Fatal("the shares are not bad")
		}
	}
	if got, err := keys[3].Combine(msg, shares); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
}

// Sharing one key among goroutines is safe: share keys are made when first
// needed, and a pairing works in a copy of the prepared key. Bites under -race.
func TestKeysAreSafeForConcurrentUse(t *testing.T) {
	keys := deal(t, 4, 2)
	msg := []byte("message")
	shares := sign(keys, msg, 1, 2)
	done := make(chan error)
	for range 4 {
		go func() {
			sig, err := keys[0].Combine(msg, shares)
			done <- errors.Join(err, keys[0].Verify(msg, sig), keys[0].VerifyShare(1, msg, shares[0].Sig))
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
