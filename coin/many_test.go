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
