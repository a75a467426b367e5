package node

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	drand "github.com/drand/kyber-bls12381"
	//lint:ignore SA1019 its aggregation is deprecated, which nobody uses here
	"github.com/drand/kyber/sign/bls"

	"abad/coin"
)

// drand's own code takes the beacons of a running cluster for its own, by the
// scheme bls-unchained-g1-rfc9380, and refuses one for another round.
func TestBeaconsVerifyWithDrand(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 10, 0, 1, 2, 3)
	n := c.nodes[2]
	height := n.Height() // open epochs may still end
	if err := n.WaitCertificate(within(t), height); err != nil {
		t.Fatal(err)
	}
	suite := drand.NewBLS12381SuiteWithDST([]byte("BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"), nil)
	key := suite.G2().Point()
	if err := key.UnmarshalBinary(n.PublicKey()); err != nil {
		t.Fatal(err)
	}
	scheme := bls.NewSchemeOnG1(suite)
	for round := uint64(1); round <= height; round++ {
		cert, err := n.Certificate(round)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(binary.BigEndian.AppendUint64(nil, round))
		if err := scheme.Verify(key, digest[:], cert.Beacon); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		digest = sha256.Sum256(binary.BigEndian.AppendUint64(nil, round+1))
		if err := scheme.Verify(key, digest[:], cert.Beacon); err == nil {
			t.Errorf("the beacon of round %d counts for round %d", round, round+1)
		}
		if want := sha256.Sum256(cert.Beacon); coin.Randomness(cert.Beacon) != want {
			t.Errorf("randomness of round %d", round)
		}
	}
}
