package wire

import (
	"abad/batch"
	"abad/bft"
)

// Certified is a block's certificate with what it certifies.
type Certified struct {
	Height uint64   `json:"height"`
	Hash   bft.Hash `json:"hash"` // what the certificate signs, after "abad/block/v1"
	Key    string   `json:"key"`  // the cluster's public key, 96 bytes in hexadecimal
	Certificate
}

// Proof is a value with the proof that it is in the log.
type Proof struct {
	Block uint64        `json:"block"`
	Index uint64        `json:"index"`
	ID    batch.ValueID `json:"id"`
	Value []byte        `json:"value"` // base64
	Key   string        `json:"key"`   // the cluster's, as the node says: check it against what you know
	Proof []byte        `json:"proof"` // base64 of what package proof decodes
}

// Beacon is public randomness, as in drand's HTTP API for unchained schemes.
type Beacon struct {
	Round      uint64 `json:"round"` // the block's height
	Randomness string `json:"randomness"`
	Signature  string `json:"signature"`
}

// Chain describes a source of beacons, as in drand's HTTP API.
type Chain struct {
	PublicKey string        `json:"public_key"`
	Period    uint32        `json:"period"` // seconds; ours come with blocks, whenever these do
	Genesis   int64         `json:"genesis_time"`
	Hash      string        `json:"hash"`
	GroupHash string        `json:"groupHash"`
	Scheme    string        `json:"schemeID"`
	Metadata  ChainMetadata `json:"metadata"`
}

// ChainMetadata names a beacon among several.
type ChainMetadata struct {
	BeaconID string `json:"beaconID"`
}
