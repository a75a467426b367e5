package bls12381

import (
	"encoding/hex"
	"strings"
	"testing"

	"go.dedis.ch/kyber/v3"
)

// RFC 9380 appendix J.9.1, BLS12381G1_XMD:SHA-256_SSWU_RO_, all five messages.
func TestHashG1IsRFC9380(t *testing.T) {
	const tag = "QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_"
	for _, v := range []struct{ msg, x, y string }{
		{"",
			"052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1",
			"08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265"},
		{"abc",
			"03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903",
			"0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d"},
		{"abcdef0123456789",
			"11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98",
			"03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709"},
		{"q128_" + strings.Repeat("q", 128),
			"15f68eaa693b95ccb85215dc65fa81038d69629f70aeee0d0f677cf22285e7bf58d7cb86eefe8f2e9bc3f8cb84fac488",
			"1807a1d50c29f430b8cafc4f8638dfeeadf51211e1602a5f184443076715f91bb90a48ba1e370edce6ae1062f5e6dd38"},
		{"a512_" + strings.Repeat("a", 512),
			"082aabae8b7dedb0e78aeb619ad3bfd9277a2f77ba7fad20ef6aabdc6c31d19ba5a6d12283553294c1825c4b3ca2dcfe",
			"05b84ae5a942248eea39e1d91030458c40153f3b654ab7872d779ad1e942856a20c438e8d99bc8abfbf74729ce1f7ac8"},
	} {
		raw := HashG1([]byte(v.msg), []byte(tag)).affine().RawBytes()
		if got := hex.EncodeToString(raw[:]); got != v.x+v.y {
			t.Errorf("hash of %.20q...: %s", v.msg, got)
		}
	}
}

// The generators and the order of the groups, as every specification of the
// curve gives them (draft-irtf-cfrg-pairing-friendly-curves-11 section 4.2.1).
func TestGenerators(t *testing.T) {
	for name, c := range map[string]struct {
		point kyber.Point
		want  string
	}{
		"G1": {new(PointG1).Base(), "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"},
		"G2": {new(PointG2).Base(), "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e" +
			"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"},
	} {
		if got := hex.EncodeToString(must(c.point.MarshalBinary())); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	order := "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"
	if err := new(Scalar).UnmarshalBinary(unhex(order)); err == nil {
		t.Error("the order is accepted as a scalar")
	}
	last := new(Scalar)
	if err := last.UnmarshalBinary(unhex(order[:len(order)-1] + "0")); err != nil {
		t.Fatal(err)
	}
	if !last.Equal(new(Scalar).SetInt64(-1)) || !new(Scalar).SetBytes(unhex(order)).Equal(new(Scalar)) {
		t.Error("the order is not what is 0")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func unhex(s string) []byte { return must(hex.DecodeString(s)) }
