package coin

import (
	"bytes"
	"strings"
	"testing"

	"abad/codec"
)

func FuzzGroup(f *testing.F) {
	for _, c := range []struct{ n, threshold int }{{1, 1}, {4, 2}, {7, 3}} {
		group, _, err := Deal(c.n, c.threshold, seeded(1))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(must(group.MarshalBinary()))
	}
	f.Add(codec.Marshal(groupWire{Nodes: 4, Commitments: [][]byte{{}, nil}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var g Group
		if g.UnmarshalBinary(data) != nil {
			return
		}
		if !bytes.Equal(must(g.MarshalBinary()), data) {
			t.Fatalf("%x came back as %x", data, must(g.MarshalBinary()))
		}
		if g.ShareKey(0) == nil || g.Threshold() > g.Nodes() {
			t.Fatalf("a group of %d nodes with threshold %d", g.Nodes(), g.Threshold())
		}
	})
}

func FuzzParseGroup(f *testing.F) {
	group, _, err := Deal(4, 2, seeded(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(4, strings.Join(group.Commitments(), "\n"))
	f.Add(1, "")
	f.Fuzz(func(t *testing.T, nodes int, lines string) {
		in := strings.Split(lines, "\n")
		g, err := ParseGroup(nodes, in)
		if err == nil && strings.ToLower(lines) != strings.Join(g.Commitments(), "\n") {
			t.Fatalf("%q came back as %q", in, g.Commitments())
		}
	})
}

func FuzzSecret(f *testing.F) {
	_, secrets, err := Deal(4, 2, seeded(1))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range secrets {
		f.Add(must(s.MarshalBinary()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Secret
		if s.UnmarshalBinary(data) == nil && !bytes.Equal(must(s.MarshalBinary()), data) {
			t.Fatalf("%x came back different", data)
		}
	})
}

// A peer's bytes as a share: no panic, and the two ways to find a bad share
// agree that only the right one is right.
func FuzzShare(f *testing.F) {
	keys := deal(f, 4, 2)
	msg := []byte("message")
	right := keys[2].Sign(msg)
	f.Add(right)
	for _, sig := range badSigs(keys, msg) {
		f.Add(sig)
	}
	want := must(keys[0].Combine(msg, sign(keys, msg, 0, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := keys[0].VerifyShare(2, msg, data); (err == nil) != bytes.Equal(data, right) {
			t.Fatalf("%x: %v", data, err)
		}
		sig, err := keys[0].Combine(msg, append(sign(keys, msg, 1), Share{From: 2, Sig: data}))
		if err == nil && !bytes.Equal(sig, want) {
			t.Fatalf("%x combines to %x", data, sig)
		}
		if _, err := ParsePublicKey(data); err == nil && len(data) != KeySize {
			t.Fatalf("%x is a key", data)
		}
	})
}
