package coin

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func many(t testing.TB, n int) (key *PublicKey, msgs, sigs [][]byte) {
	t.Helper()
	group, secrets, err := Deal(1, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := NewKey(group, secrets[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		msgs = append(msgs, BeaconMessage(uint64(i)))
		sigs = append(sigs, signer.Sign(msgs[i]))
	}
	return group.PublicKey(), msgs, sigs
}

func TestVerifyAll(t *testing.T) {
	key, msgs, sigs := many(t, 5)
	for n := range 6 {
		if err := key.VerifyAll(msgs[:n], sigs[:n]); err != nil {
			t.Errorf("%d signatures: %v", n, err)
		}
	}
	for i := range sigs {
		wrong := slices.Clone(sigs)
		wrong[i] = sigs[(i+1)%5]
		if err := key.VerifyAll(msgs, wrong); !errors.Is(err, ErrBadSignature) {
			t.Errorf("signature %d is that of another message: %v", i, err)
		}
	}
	// Two errors that cancel out: without coefficients the sums would be right.
	swapped := slices.Clone(sigs)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	if err := key.VerifyAll(msgs, swapped); !errors.Is(err, ErrBadSignature) {
		t.Errorf("two signatures in each other's place: %v", err)
	}
	neutral := append([]byte{0xc0}, bytes.Repeat([]byte{0}, 47)...)
	for _, bad := range [][]byte{nil, {1}, bytes.Repeat([]byte{0xff}, 48), neutral} {
		wrong := slices.Clone(sigs)
		wrong[2] = bad
		if err := key.VerifyAll(msgs, wrong); !errors.Is(err, ErrBadSignature) {
			t.Errorf("signature %x: %v", bad, err)
		}
	}
	if err := key.VerifyAll(msgs, sigs[:4]); err == nil {
		t.Error("4 signatures are right on 5 messages")
	}
}

func BenchmarkVerifyAll(b *testing.B) {
	for _, n := range []int{1, 16, 64, 128} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			key, msgs, sigs := many(b, n)
			b.ReportAllocs()
			for b.Loop() {
				if err := key.VerifyAll(msgs, sigs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/signature")
		})
	}
}

// combinable is what a node of four has when n messages are to be signed.
func combinable(t testing.TB, n int) (key *Key, msgs [][]byte, hashed []Hashed, shares [][]Share) {
	t.Helper()
	group, secrets, err := Deal(4, 2, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := make([]*Key, 4)
	for i := range keys {
		if keys[i], err = NewKey(group, secrets[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		msgs = append(msgs, BeaconMessage(uint64(i)))
		hashed = append(hashed, Hash(msgs[i]))
		var of []Share
		for k := range 2 {
			signer := keys[(i+k)%4]
			of = append(of, Share{From: signer.ID(), Sig: signer.Sign(msgs[i])})
		}
		shares = append(shares, of)
	}
	return keys[0], msgs, hashed, shares
}

func TestCombineAll(t *testing.T) {
	key, msgs, hashed, shares := combinable(t, 5)
	sigs, err := key.CombineAll(hashed, shares)
	if err != nil {
		t.Fatal(err)
	}
	for i := range msgs {
		want, err := key.Combine(msgs[i], shares[i])
		if err != nil || !bytes.Equal(sigs[i], want) {
			t.Errorf("message %d: %x, want %x (%v)", i, sigs[i], want, err)
		}
	}
	swapped := slices.Clone(shares) // without coefficients the sum would be right
	swapped[0], swapped[4] = swapped[4], swapped[0]
	if _, err := key.CombineAll(hashed, swapped); !errors.Is(err, ErrBadShares) {
		t.Errorf("shares in each other's place: %v", err)
	}
	bad := slices.Clone(shares)
	bad[2] = []Share{shares[2][0], {From: shares[2][1].From, Sig: shares[3][1].Sig}}
	if _, err := key.CombineAll(hashed, bad); !errors.Is(err, ErrBadShares) {
		t.Errorf("a share on another message: %v", err)
	}
	if _, err := key.CombineAll(hashed[:4], shares); err == nil {
		t.Error("shares without a message")
	}
	if sigs, err := key.CombineAll(nil, nil); err != nil || len(sigs) != 0 {
		t.Errorf("nothing to combine: %v, %v", sigs, err)
	}
}

func BenchmarkCombineAll(b *testing.B) {
	for _, n := range []int{1, 2, 8, 32} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			key, _, hashed, shares := combinable(b, n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.CombineAll(hashed, shares); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/signature")
		})
	}
}
