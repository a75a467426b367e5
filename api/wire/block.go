package wire

import (
	"abad/bft"
)

// Block is one block without its payloads. The header's members are exactly
// what its hash is made of.
type Block struct {
	Height   uint64   `json:"height"` // = the epoch that decided it
	Hash     bft.Hash `json:"hash"`
	Version  uint16   `json:"version"`
	Cluster  bft.Hash `json:"cluster"`
	Era      uint64   `json:"era"`
	Previous bft.Hash `json:"previous"` // zero in the first block
	Time     uint64   `json:"time"`     // Unix milliseconds, for information
	Accepted []bft.ID `json:"accepted"` // proposers whose headers are in
	Root     bft.Hash `json:"root"`     // Merkle root over the batches' digests
	Values   uint64   `json:"values"`   // how many values the block adds to the log
	Roster   bft.Hash `json:"roster"`

	Batches     []Batch      `json:"batches"`
	Certificate *Certificate `json:"certificate,omitempty"` // follows the block shortly
}

// Batch is a batch in its block.
type Batch struct {
	Digest bft.Hash `json:"digest"` // BLAKE3-256 of its bytes
	Total  uint32   `json:"total"`  // values in the batch
	Values int      `json:"values"` // those of them that were not in the log before
}

// Certificate proves a block to whoever has the group key. The members are
// hexadecimal.
type Certificate struct {
	Block      string `json:"block"`      // threshold signature of the header's hash
	Beacon     string `json:"beacon"`     // threshold signature of the height
	Randomness string `json:"randomness"` // SHA-256 of the beacon's bytes
}
