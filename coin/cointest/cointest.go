// Package cointest has a threshold signer without cryptography, for tests and
// for the simulator: deterministic, some thousand times cheaper than the real
// one, and of the same behaviour as long as nobody reads its memory. A share is a
// hash of the seed, the node and the message; a combined signature is a hash of
// the seed and the message, given out against Threshold right shares only.
package cointest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"abad/bft"
	"abad/coin"
)

// Signer is one node's fake key.
type Signer struct {
	nodes, threshold int
	self             bft.ID
	seed             uint64
}

var (
	_ coin.Signer   = (*Signer)(nil)
	_ coin.Verifier = (*Signer)(nil)
)

// Signers deals fake keys to n nodes. Keys of different seeds share nothing.
func Signers(n, threshold int, seed uint64) []coin.Signer {
	signers := make([]coin.Signer, n)
	for i := range signers {
		signers[i] = &Signer{nodes: n, threshold: threshold, self: bft.ID(i), seed: seed}
	}
	return signers
}

// group stands for the whole group where an ID stands for a node.
const group bft.ID = -1

// Threshold is how many shares make a signature.
func (s *Signer) Threshold() int { return s.threshold }

// Sign gives this node's share on msg.
func (s *Signer) Sign(msg []byte) []byte {
	sig := signature(s.digest(msg), s.self)
	return sig[:]
}

var errWrong = errors.New("wrong fake signature")

// VerifyShare checks one share.
func (s *Signer) VerifyShare(from bft.ID, msg, share []byte) error {
	right := signature(s.digest(msg), from)
	if from < 0 || int(from) >= s.nodes || !bytes.Equal(share, right[:]) {
		return fmt.Errorf("%w: %w", coin.ErrBadShare, errWrong)
	}
	return nil
}

// Combine gives the signature on msg for exactly Threshold right shares.
func (s *Signer) Combine(msg []byte, shares []coin.Share) ([]byte, error) {
	if len(shares) != s.threshold {
		return nil, fmt.Errorf("cointest: %d shares to combine where the threshold is %d", len(shares), s.threshold)
	}
	digest := s.digest(msg)
	var seen bft.IDSet
	for _, share := range shares {
		if share.From < 0 || int(share.From) >= s.nodes || !seen.Add(share.From) {
			return nil, fmt.Errorf("cointest: a share of node %d to combine, again or of %d nodes", share.From, s.nodes)
		}
	}
	for _, share := range shares {
		if right := signature(digest, share.From); !bytes.Equal(share.Sig, right[:]) {
			return nil, coin.ErrBadShares
		}
	}
	sig := signature(digest, group)
	return sig[:], nil
}

// Verify checks a combined signature.
func (s *Signer) Verify(msg, sig []byte) error {
	if right := signature(s.digest(msg), group); !bytes.Equal(sig, right[:]) {
		return fmt.Errorf("%w: %w", coin.ErrBadSignature, errWrong)
	}
	return nil
}

// digest is FNV-1a of the message (its offset basis and prime), begun at the seed.
func (s *Signer) digest(msg []byte) uint64 {
	h := mix(s.seed ^ 0xcbf29ce484222325)
	for _, b := range msg {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	return h
}

func signature(digest uint64, of bft.ID) (sig [coin.SignatureSize]byte) {
	state := mix(digest ^ mix(uint64(of)))
	for i := 0; i < len(sig); i += 8 {
		state = mix(state)
		binary.BigEndian.PutUint64(sig[i:], state)
	}
	return sig
}

// mix is one step of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), a bijection.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
