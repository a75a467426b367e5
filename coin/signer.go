package coin

import (
	"errors"

	"abad/bft"
	"abad/coin/bls12381"
)

// Sizes in bytes.
const (
	KeySize       = bls12381.SizeG2 // of a public key
	SignatureSize = bls12381.SizeG1 // of a signature and of a signature share
)

var (
	// ErrBadShare marks a signature share that its sender never made by the rules.
	ErrBadShare = errors.New("coin: bad signature share")
	// ErrBadShares says that at least one share of a combination is bad.
	ErrBadShares = errors.New("coin: the shares do not combine to a valid signature")
	// ErrBadSignature marks a signature that the key did not make.
	ErrBadSignature = errors.New("coin: bad signature")
)

// Share is a signature share and whose it is.
type Share struct {
	From bft.ID
	Sig  []byte // SignatureSize bytes
}

// Signer is what the protocols need of a cluster's threshold key at one node.
// [*Key] is the real one; package cointest has a cheap deterministic one.
type Signer interface {
	// Threshold is how many shares make a signature: f+1.
	Threshold() int
	// Sign gives this node's signature share on msg, always the same one.
	Sign(msg []byte) []byte
	// VerifyShare checks a share of node from; the error is an [ErrBadShare].
	VerifyShare(from bft.ID, msg, share []byte) error
	// Combine gives the signature on msg, the same one whichever shares it is
	// given: exactly Threshold of them, of different nodes. It checks only its
	// result. If that fails, the error is [ErrBadShares], and VerifyShare tells
	// which ones are bad; any other error is misuse.
	Combine(msg []byte, shares []Share) (sig []byte, err error)
}

// Verifier checks the signatures that shares combine to. [*PublicKey] and [*Key]
// are real ones.
type Verifier interface {
	// Verify checks a signature on msg; the error is an [ErrBadSignature].
	Verify(msg, sig []byte) error
}
