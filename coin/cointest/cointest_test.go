package cointest

import (
	"bytes"
	"errors"
	"testing"

	"abad/bft"
	"abad/coin"
)

// The fake keeps the contract that the protocols rely on.
func TestFakeKeepsTheContract(t *testing.T) {
	signers := Signers(7, 3, 1)
	msg := []byte("message")
	share := func(i int) coin.Share { return coin.Share{From: bft.ID(i), Sig: signers[i].Sign(msg)} }
	want, err := signers[0].Combine(msg, []coin.Share{share(0), share(1), share(2)})
	if err != nil || len(want) != coin.SignatureSize || signers[0].Threshold() != 3 {
		t.Fatalf("%x, %v", want, err)
	}
	if err := signers[3].(coin.Verifier).Verify(msg, want); err != nil {
		t.Error(err)
	}
	for a := range 7 {
		for b := range a {
			for c := range b {
				got, err := signers[6].Combine(msg, []coin.Share{share(c), share(a), share(b)})
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("shares %d, %d, %d: %x, %v", a, b, c, got, err)
				}
			}
		}
		if err := signers[0].VerifyShare(bft.ID(a), msg, share(a).Sig); err != nil {
			t.Error(err)
		}
	}
}

func TestFakeFindsLies(t *testing.T) {
	signers := Signers(4, 2, 1)
	msg := []byte("message")
	right := coin.Share{From: 0, Sig: signers[0].Sign(msg)}
	for name, lie := range map[string][]byte{
		"empty":           nil,
		"zeros":           make([]byte, coin.SignatureSize),
		"another node":    signers[2].Sign(msg),
		"another message": signers[1].Sign([]byte("massage")),
		"another seed":    Signers(4, 2, 2)[1].Sign(msg),
	} {
		if err := signers[3].VerifyShare(1, msg, lie); !errors.Is(err, coin.ErrBadShare) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := signers[3].Combine(msg, []coin.Share{right, {From: 1, Sig: lie}}); !errors.Is(err, coin.ErrBadShares) {
			t.Errorf("%s: combine: %v", name, err)
		}
		if err := signers[3].(coin.Verifier).Verify(msg, lie); !errors.Is(err, coin.ErrBadSignature) {
			t.Errorf("%s: verify: %v", name, err)
		}
	}
	if err := signers[0].VerifyShare(4, msg, right.Sig); !errors.Is(err, coin.ErrBadShare) {
		t.Errorf("a stranger: %v", err)
	}
	for name, shares := range map[string][]coin.Share{
		"too few": {right}, "one twice": {right, right}, "a stranger": {right, {From: 4, Sig: right.Sig}},
	} {
		if _, err := signers[0].Combine(msg, shares); err == nil || errors.Is(err, coin.ErrBadShares) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Runs repeat: this very value is in recorded seeds.
func TestFakeIsAFunctionOfItsSeed(t *testing.T) {
	a, b := Signers(4, 2, 7)[1].Sign([]byte("x")), Signers(4, 2, 7)[1].Sign([]byte("x"))
	if !bytes.Equal(a, b) || bytes.Equal(a, Signers(4, 2, 8)[1].Sign([]byte("x"))) {
		t.Error("a share is not a function of the seed")
	}
}
