package coin

import (
	"encoding/hex"
	"errors"
	"testing"

	circl "github.com/cloudflare/circl/sign/bls"
	kilic "github.com/kilic/bls12-381"
	"go.dedis.ch/kyber/v3"

	"abad/bft"
)

// Public rounds of drand's mainnet network quicknet, scheme
// bls-unchained-g1-rfc9380, chain hash
// 52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971.
const quicknetKey = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451" +
	"0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"

var quicknet = []struct {
	round      uint64
	sig        string
	randomness string // where it was published too
}{
	{1000, "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
		"fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"},
	{1001, "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41", ""},
	{1002, "ab066f9c12dd6de1336fca0f925192fb0c72a771c3e4c82ede1fd362c1a770f9eb05843c6308ce2530b53a99c0281a6e", ""},
	{1003, "b104c82771698f45fd8dcfead083d482694c31ab519bcef077f126f3736fe98c8392fd5d45d88aeb76b56ccfcb0296d7", ""},
	{657413, "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
		"fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"},
}

func TestDrandQuicknet(t *testing.T) {
	key, err := ParsePublicKey(must(hex.DecodeString(quicknetKey)))
	if err != nil {
		t.Fatal(err)
	}
	if key.String() != quicknetKey {
		t.Errorf("the key came back as %v", key)
	}
	for _, v := range quicknet {
		sig := must(hex.DecodeString(v.sig))
		if err := key.Verify(BeaconMessage(v.round), sig); err != nil {
			t.Errorf("round %d: %v", v.round, err)
		}
		if err := key.Verify(BeaconMessage(v.round+1), sig); !errors.Is(err, ErrBadSignature) {
			t.Errorf("round %d for the next one: %v", v.round, err)
		}
		if got := Randomness(sig).String(); v.randomness != "" && got != v.randomness {
			t.Errorf("round %d: randomness %s", v.round, got)
		}
	}
}

// verifyKilic and verifyCircl are two strangers with other libraries.
func verifyKilic(t *testing.T, key, msg, sig []byte) bool {
	g1, g2 := kilic.NewG1(), kilic.NewG2()
	point, err := g1.FromCompressed(sig)
	if err != nil || !g1.InCorrectSubgroup(point) {
		t.Fatalf("kilic: signature: %v", err)
	}
	public, err := g2.FromCompressed(key)
	if err != nil || !g2.InCorrectSubgroup(public) {
		t.Fatalf("kilic: key: %v", err)
	}
	hashed, err := g1.HashToCurve(msg, []byte("BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"))
	if err != nil {
		t.Fatal(err)
	}
	return kilic.NewEngine().AddPair(hashed, public).AddPairInv(point, g2.One()).Check()
}

func verifyCircl(t *testing.T, key, msg, sig []byte) bool {
	var public circl.PublicKey[circl.KeyG2SigG1]
	if err := public.UnmarshalBinary(key); err != nil {
		t.Fatalf("circl: key: %v", err)
	}
	return circl.Verify(&public, msg, sig)
}

func TestOtherLibrariesAgree(t *testing.T) {
	keys := deal(t, 4, 2)
	group := keys[0].Group()
	for _, msg := range [][]byte{
		nil,
		[]byte("message"),
		BeaconMessage(7),
		BlockMessage(bft.Sum([]byte("header"))),
		EpochMessage(bft.Sum([]byte("cluster")), 1, 2, 3, 4),
	} {
		sig := must(group.Combine(msg, sign(keys, msg, 3, 1)))
		for who, verify := range map[string]func(*testing.T, []byte, []byte, []byte) bool{
			"kilic": verifyKilic, "circl": verifyCircl,
		} {
			if !verify(t, group.PublicKey().Bytes(), msg, sig) {
				t.Errorf("%s refuses the signature on %q", who, msg)
			}
			if verify(t, group.PublicKey().Bytes(), append([]byte("x"), msg...), sig) {
				t.Errorf("%s takes a signature for another message", who)
			}
			if !verify(t, group.ShareKey(3).Bytes(), msg, keys[3].Sign(msg)) {
				t.Errorf("%s refuses node 3's share on %q", who, msg)
			}
		}
	}
}

// A whole key in another library signs the same bytes.
func TestOtherLibrarySignsTheSame(t *testing.T) {
	keys := deal(t, 1, 1)
	var private circl.PrivateKey[circl.KeyG2SigG1]
	if err := private.UnmarshalBinary(encode(keys[0].secret.scalar)); err != nil {
		t.Fatal(err)
	}
	msg := []byte("message")
	if got, want := hex.EncodeToString(keys[0].Sign(msg)), hex.EncodeToString(circl.Sign(&private, msg)); got != want {
		t.Errorf("%s, circl: %s", got, want)
	}
}

func TestPublicKeyRefuses(t *testing.T) {
	good := must(hex.DecodeString(quicknetKey))
	neutral := append([]byte{0xc0}, make([]byte, KeySize-1)...)
	for name, data := range map[string][]byte{
		"empty": nil, "95 bytes": good[:95], "97 bytes": append(append([]byte{}, good...), 0),
		"neutral element": neutral, "zeros": make([]byte, KeySize), "a signature": make([]byte, SignatureSize),
	} {
		if _, err := ParsePublicKey(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func kyberPoints(g Group) []kyber.Point {
	var points []kyber.Point
	for _, c := range g.commitments {
		points = append(points, c)
	}
	return points
}
