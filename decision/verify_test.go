package decision

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"abad/bft"
	"abad/coin"
)

// A certificate holds for one cluster, era, name and value alone.
func TestVerify(t *testing.T) {
	group, secrets, err := coin.Deal(4, 2, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cluster, era := bft.Sum([]byte("here")), uint64(3)
	msg := coin.DecidedMessage(cluster, era, "x", true)
	var shares []coin.Share
	var key *coin.Key
	for _, s := range secrets[:2] {
		if key, err = coin.NewKey(group, s); err != nil {
			t.Fatal(err)
		}
		shares = append(shares, coin.Share{From: key.ID(), Sig: key.Sign(msg)})
	}
	cert, err := key.Combine(msg, shares)
	if err != nil {
		t.Fatal(err)
	}
	public, good := group.PublicKey(), Result{Name: "x", Value: true, Certificate: cert}
	if err := Verify(public, cluster, era, good); err != nil {
		t.Error(err)
	}
	flipped := bytes.Clone(cert)
	flipped[20] ^= 1
	for what, err := range map[string]error{
		"cluster":     Verify(public, bft.Sum([]byte("there")), era, good),
		"era":         Verify(public, cluster, era+1, good),
		"name":        Verify(public, cluster, era, Result{Name: "y", Value: true, Certificate: cert}),
		"value":       Verify(public, cluster, era, Result{Name: "x", Certificate: cert}),
		"certificate": Verify(public, cluster, era, Result{Name: "x", Value: true, Certificate: flipped}),
		"one share":   Verify(public, cluster, era, Result{Name: "x", Value: true, Certificate: shares[0].Sig}),
		"nothing":     Verify(public, cluster, era, Result{Name: "x", Value: true}),
	} {
		if !errors.Is(err, coin.ErrBadSignature) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	if err := Verify(public, cluster, era, Result{Name: "a\nb", Certificate: cert}); !errors.Is(err, ErrName) {
		t.Errorf("a bad name: %v", err)
	}
}
