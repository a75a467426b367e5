package decision

import (
	"abad/bft"
	"abad/coin"
)

// Verify checks that a cluster has decided a result, with nothing but the
// cluster's public key: f+1 of its nodes have signed that they saw this value
// decided on this name, and one of them is correct. Name, value and certificate
// are checked; how many rounds it took is the word of who gave it. The error is
// [ErrName] or a [coin.ErrBadSignature].
func Verify(key *coin.PublicKey, cluster bft.Hash, era uint64, r Result) error {
	if err := CheckName(r.Name); err != nil {
		return err
	}
	return key.Verify(coin.DecidedMessage(cluster, era, r.Name, r.Value), r.Certificate)
}
