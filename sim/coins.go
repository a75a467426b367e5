package sim

import (
	"bytes"
	"encoding/binary"

	"abad/coin"
)

// coins gives every node the signer for the kind of coin that is asked for.
// Certificates are signed alike with all of them.
func coins(kind string, signers []coin.Signer) []coin.Signer {
	if kind == CommonCoin {
		return signers
	}
	list := make([]coin.Signer, len(signers))
	for i, s := range signers {
		list[i] = uncommon{s, uint64(i), kind == LocalCoin}
	}
	return list
}

// uncommon is a signer whose coins are not the cluster's: a node's own, or always
// zero. The protocol is right with neither.
type uncommon struct {
	coin.Signer
	self  uint64
	local bool
}

var coinPrefix = []byte("abad/coin/")

// Combine grinds a signature with the bit that is wanted.
func (u uncommon) Combine(msg []byte, shares []coin.Share) ([]byte, error) {
	sig, err := u.Signer.Combine(msg, shares)
	if err != nil || !bytes.HasPrefix(msg, coinPrefix) {
		return sig, err
	}
	want := u.local && mix(binary.BigEndian.Uint64(sig)^mix(u.self))&1 == 1
	for i := uint64(0); coin.Bit(sig) != want; i++ {
		binary.BigEndian.PutUint64(sig[8:], i)
	}
	return sig, nil
}
