package coin

import (
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"

	"abad/bft"
)

// The bytes themselves: another implementation must be able to rely on them.
func TestMessageBytes(t *testing.T) {
	cluster := bft.Hash{0xc0, 31: 0x0c}
	const clusterHex = "c00000000000000000000000000000000000000000000000000000000000000c"
	for name, c := range map[string]struct {
		msg  []byte
		want string
	}{
		"epoch": {EpochMessage(cluster, 0x0102030405060708, 9, 0x0a0b, 0x0c0d0e0f),
			hex.EncodeToString([]byte("abad/coin/v1")) + clusterHex + "0102030405060708" + "45" + "0000000000000009" + "0a0b" + "0c0d0e0f"},
		"decision": {DecisionMessage(cluster, 1, "abc", 3),
			hex.EncodeToString([]byte("abad/coin/v1")) + clusterHex + "0000000000000001" + "44" +
				"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" + "0000" + "00000003"},
		"block":  {BlockMessage(cluster), hex.EncodeToString([]byte("abad/block/v1")) + clusterHex},
		"beacon": {BeaconMessage(1), "cd2662154e6d76b2b2b92e70c0cac3ccf534f9b74eb5b89819ec509083d00a50"},
	} {
		if got := hex.EncodeToString(c.msg); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// name is everything that tells two signed messages apart.
type name struct {
	kind       string
	hash       byte
	era, epoch uint64
	decision   string
	slot       bft.ID
	round      uint32
}

func (n name) message() []byte {
	switch n.kind {
	case "epoch":
		return EpochMessage(bft.Hash{n.hash}, n.era, n.epoch, n.slot, n.round)
	case "decision":
		return DecisionMessage(bft.Hash{n.hash}, n.era, n.decision, n.round)
	case "block":
		return BlockMessage(bft.Hash{n.hash})
	}
	return BeaconMessage(n.epoch)
}

func drawName(t *rapid.T) name {
	few := rapid.Uint64Range(0, 2) // so that names often differ in one place only
	n := name{kind: rapid.SampledFrom([]string{"epoch", "decision", "block", "beacon"}).Draw(t, "kind")}
	if n.kind != "beacon" {
		n.hash = byte(few.Draw(t, "hash"))
	}
	if n.kind == "epoch" || n.kind == "beacon" {
		n.epoch = rapid.SampledFrom([]uint64{0, 1, 256, 1 << 32, 1<<64 - 1}).Draw(t, "epoch")
	}
	if n.kind == "decision" {
		n.decision = rapid.SampledFrom([]string{"", "a", "ab", "b", "\x00", "a\x00"}).Draw(t, "decision")
	}
	if n.kind == "epoch" {
		n.slot = rapid.SampledFrom([]bft.ID{0, 1, 2, bft.MaxNodes - 1}).Draw(t, "slot")
	}
	if n.kind == "epoch" || n.kind == "decision" {
		n.era = few.Draw(t, "era")
		n.round = rapid.SampledFrom([]uint32{0, 3, 7, 1 << 16, 1<<32 - 1}).Draw(t, "round")
	}
	return n
}

func TestNoTwoNamesCollide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawName(t), drawName(t)
		if same := string(a.message()) == string(b.message()); same != (a == b) {
			t.Fatalf("%+v and %+v sign the same: %v", a, b, same)
		}
	})
	// The purposes are apart by length alone, whatever is in the fields.
	lengths := map[int]string{}
	for _, kind := range []string{"epoch", "decision", "block", "beacon"} {
		size := len(name{kind: kind}.message())
		if other, taken := lengths[size]; taken {
			t.Errorf("%s and %s both have %d bytes", kind, other, size)
		}
		lengths[size] = kind
	}
}

// The low bit of the digest's last byte, whose parity is the number's.
func TestBitIsTheLowBitOfTheDigest(t *testing.T) {
	for text, want := range map[string]bool{
		"":      true,  // SHA-256 ends in 55
		"abc":   true,  // ad
		"hello": false, // 24
	} {
		if Bit([]byte(text)) != want {
			t.Errorf("bit of %q", text)
		}
	}
}
