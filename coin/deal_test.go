package coin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.dedis.ch/kyber/v3/share"
	"pgregory.net/rapid"

	"abad/bft"
	"abad/codec"
	"abad/coin/bls12381"
)

// seeded is a dealer's randomness that a test can repeat.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// deal makes the keys of n nodes, node i's at index i.
func deal(t testing.TB, n, threshold int) []*Key {
	t.Helper()
	group, secrets, err := Deal(n, threshold, seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	keys := make([]*Key, n)
	for i, secret := range secrets {
		if keys[i], err = NewKey(group, secret); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestDealtKeysFit(t *testing.T) {
	for _, c := range []struct{ n, threshold int }{{1, 1}, {2, 1}, {4, 2}, {7, 7}} {
		keys := deal(t, c.n, c.threshold)
		g := keys[0].Group()
		if g.Nodes() != c.n || g.Threshold() != c.threshold || len(g.Commitments()) != c.threshold {
			t.Errorf("%+v: %d nodes, threshold %d", c, g.Nodes(), g.Threshold())
		}
		if g.Commitments()[0] != g.PublicKey().String() {
			t.Error("the first commitment is not the group key")
		}
		// The secret that the dealer forgot, recovered by kyber, is the group key's.
		var shares []*share.PriShare
		for i, k := range keys {
			if k.ID() != bft.ID(i) || k.Threshold() != c.threshold {
				t.Errorf("key %d is node %d's", i, k.ID())
			}
			shares = append(shares, &share.PriShare{I: i, V: k.secret.scalar})
		}
		secret := must(share.RecoverSecret(bls12381.G2, shares[c.n-c.threshold:], c.threshold, c.n))
		if !bls12381.G2.Point().Mul(secret, nil).Equal(g.PublicKey().point) {
			t.Errorf("%+v: the last shares do not make the secret", c)
		}
	}
}

func TestDealUsesItsRandomness(t *testing.T) {
	key := func(seed byte) string {
		g, _, err := Deal(4, 2, seeded(seed))
		if err != nil {
			t.Fatal(err)
		}
		return g.PublicKey().String()
	}
	if a, b := key(1), key(1); a != b || a == key(2) {
		t.Error("a key is not a function of the randomness")
	}
	if _, _, err := Deal(4, 2, bytes.NewReader(make([]byte, dealSeed-1))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short randomness: %v", err)
	}
	for _, c := range []struct{ n, threshold int }{{0, 0}, {-1, 1}, {4, 0}, {4, 5}, {bft.MaxNodes + 1, 1}} {
		if _, _, err := Deal(c.n, c.threshold, seeded(1)); err == nil {
			t.Errorf("%+v: dealt", c)
		}
	}
	if _, secrets, err := Deal(bft.MaxNodes, 1, seeded(1)); err != nil || len(secrets) != bft.MaxNodes {
		t.Errorf("the largest roster: %v", err)
	}
}

func TestKeyNeedsItsOwnSecret(t *testing.T) {
	group, secrets, _ := Deal(4, 2, seeded(1))
	other, _, _ := Deal(4, 2, seeded(2))
	small, _, _ := Deal(2, 2, seeded(1))
	if _, err := NewKey(other, secrets[0]); !errors.Is(err, ErrKey) {
		t.Errorf("another group's secret: %v", err)
	}
	if _, err := NewKey(group, Secret{id: 1, scalar: secrets[0].scalar}); !errors.Is(err, ErrKey) {
		t.Errorf("another node's secret: %v", err)
	}
	if _, err := NewKey(small, secrets[3]); !errors.Is(err, ErrKey) {
		t.Errorf("a node beyond the group: %v", err)
	}
	if _, err := NewKey(group, Secret{}); !errors.Is(err, ErrSecret) {
		t.Errorf("no secret: %v", err)
	}
	if _, err := NewKey(Group{}, secrets[0]); !errors.Is(err, ErrKey) {
		t.Errorf("no group: %v", err)
	}
}

func TestGroupEncodings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "n")
		group, _, err := Deal(n, rapid.IntRange(1, n).Draw(t, "threshold"), seeded(rapid.Byte().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		var binary Group
		data := codec.Marshal(group) // as a field of something larger would be
		if err := codec.UnmarshalCanonical(data, &binary); err != nil {
			t.Fatal(err)
		}
		text, err := ParseGroup(n, group.Commitments())
		if err != nil {
			t.Fatal(err)
		}
		for _, back := range []Group{binary, text} {
			if !bytes.Equal(codec.Marshal(back), data) {
				t.Fatal("the group came back different")
			}
			for i := range n {
				if back.ShareKey(bft.ID(i)).String() != group.ShareKey(bft.ID(i)).String() {
					t.Fatalf("the share key of node %d came back different", i)
				}
			}
		}
	})
}

func TestGroupDecoderRefuses(t *testing.T) {
	group, _, _ := Deal(4, 2, seeded(1))
	good := group.Commitments()
	neutral := "c0" + strings.Repeat("00", KeySize-1)
	for name, c := range map[string]struct {
		nodes       int
		commitments []string
	}{
		"no node":              {0, good},
		"too many nodes":       {bft.MaxNodes + 1, good},
		"no commitment":        {4, nil},
		"threshold above n":    {1, good},
		"neutral group key":    {4, []string{neutral, good[1]}},
		"neutral last":         {4, []string{good[0], neutral}},
		"not hexadecimal":      {4, []string{good[0], "x" + good[1][1:]}},
		"short point":          {4, []string{good[0], good[1][2:]}},
		"not on the curve":     {4, []string{good[0], good[1][:len(good[1])-2] + "00"}},
		"spaces around":        {4, []string{" " + good[0], good[1]}},
		"signature for a key":  {4, []string{good[0], good[1][:2*SignatureSize]}},
		"empty commitment":     {4, []string{good[0], ""}},
		"one commitment extra": {2, append(slices.Clone(good), good[0])},
	} {
		if _, err := ParseGroup(c.nodes, c.commitments); !errors.Is(err, ErrGroup) {
			t.Errorf("%s: %v", name, err)
		}
	}
	data := must(group.MarshalBinary())
	back := group
	for name, bad := range map[string][]byte{
		"empty": nil, "cut off": data[:len(data)-1], "trailing byte": append(slices.Clone(data), 0),
		"257 nodes":         codec.Marshal(groupWire{Nodes: 257, Commitments: [][]byte{group.PublicKey().Bytes()}}),
		"not the key":       codec.Marshal(groupWire{Nodes: 4, Commitments: [][]byte{make([]byte, KeySize)}}),
		"a longer spelling": append([]byte{data[0], data[1], 0x18, data[2]}, data[3:]...),
	} {
		if err := back.UnmarshalBinary(bad); !errors.Is(err, ErrGroup) || back.Nodes() != 4 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretEncoding(t *testing.T) {
	group, secrets, _ := Deal(4, 2, seeded(1))
	for _, s := range secrets {
		var back Secret
		if err := back.UnmarshalBinary(must(s.MarshalBinary())); err != nil {
			t.Fatal(err)
		}
		if _, err := NewKey(group, back); err != nil || back.ID() != s.ID() {
			t.Errorf("%v came back as %v: %v", s, back, err)
		}
	}
	if _, err := (Secret{}).MarshalBinary(); !errors.Is(err, ErrSecret) {
		t.Errorf("no secret encodes: %v", err)
	}
	scalar := encode(secrets[0].scalar)
	data := must(secrets[0].MarshalBinary())
	for name, bad := range map[string][]byte{
		"empty": nil, "cut off": data[:len(data)-1], "trailing byte": append(slices.Clone(data), 0),
		"a longer spelling": append([]byte{data[0], data[1], 0x18, data[2]}, data[3:]...),
		"node 256":          codec.Marshal(secretWire{ID: bft.MaxNodes, Scalar: scalar}),
		"zero":              codec.Marshal(secretWire{ID: 1, Scalar: make([]byte, 32)}),
		"not reduced":       codec.Marshal(secretWire{ID: 1, Scalar: bytes.Repeat([]byte{0xff}, 32)}),
		"31 bytes":          codec.Marshal(secretWire{ID: 1, Scalar: scalar[1:]}),
	} {
		back := secrets[1]
		if err := back.UnmarshalBinary(bad); !errors.Is(err, ErrSecret) || back.ID() != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := new(Secret).UnmarshalBinary(codec.Marshal(secretWire{ID: bft.MaxNodes - 1, Scalar: scalar})); err != nil {
		t.Errorf("node 255: %v", err)
	}
}

// Whatever a careless line prints of a secret, a key or a struct around them, the
// scalar is not in it, in no base and not as the words in memory.
func TestSecretsDoNotLeak(t *testing.T) {
	group, secrets, _ := Deal(4, 2, seeded(1))
	s := secrets[2]
	key := must(NewKey(group, s))
	hidden := struct {
		secret Secret
		key    *Key
		copied Key
		s      *bls12381.Scalar
	}{s, key, *key, s.scalar}
	shown := struct {
		Secret *Secret
		Key    *Key
	}{&s, key}
	leaks := []string{
		fmt.Sprintf("%x", encode(s.scalar)),
		fmt.Sprintf("%X", encode(s.scalar)),
		fmt.Sprint(encode(s.scalar)),
		string(encode(s.scalar)),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q", "%o", "%08b"} {
		if got := fmt.Sprintf(verb, s); got != "coin.Secret(node 2)" {
			t.Errorf("%s prints %q", verb, got)
		}
		for _, v := range []any{s, &s, key, *key, hidden, &hidden, shown, []Secret{s}, map[int]Secret{1: s}} {
			text := fmt.Sprintf(verb, v)
			for _, leak := range leaks {
				if strings.Contains(text, leak) {
					t.Errorf("%s of %T leaks", verb, v)
				}
			}
		}
	}
	text := string(must(json.Marshal(shown)))
	if strings.Contains(text, leaks[0]) || strings.Contains(text, "Scalar") {
		t.Errorf("json: %s", text)
	}
}
