package ledger

import (
	"errors"
	"fmt"
	"math/bits"

	"abad/batch"
	"abad/bft"
	"abad/codec"
)

// BlockVersion is the version of the block format.
const BlockVersion = 1

// BlockHeader is what a certificate signs. Its hash is the block's.
type BlockHeader struct {
	Version  uint16   `cbor:"0,keyasint"`
	Cluster  bft.Hash `cbor:"1,keyasint"`
	Era      uint64   `cbor:"2,keyasint"`
	Epoch    uint64   `cbor:"3,keyasint"` // = height; the first is 1
	Previous bft.Hash `cbor:"4,keyasint"` // zero in the first
	Time     uint64   `cbor:"5,keyasint"` // Unix milliseconds, for information
	Accepted []bft.ID `cbor:"6,keyasint"` // slots in roster order
	Root     bft.Hash `cbor:"7,keyasint"` // Merkle root over the batches' digests
	Values   uint64   `cbor:"8,keyasint"`
	Roster   bft.Hash `cbor:"9,keyasint"`
}

// Hash is the SHA-256 digest of the canonical encoding.
func (h BlockHeader) Hash() bft.Hash { return bft.Sum(codec.Marshal(h)) }

// Block is what an epoch yields.
type Block struct {
	Header  BlockHeader `cbor:"0,keyasint"`
	Batches []Taken     `cbor:"1,keyasint,omitempty"`
}

// Taken is a batch in its block.
type Taken struct {
	Digest bft.Hash `cbor:"0,keyasint"`
	Total  uint32   `cbor:"1,keyasint"` // values in the batch
	// Skip marks the values that were in the log already: bit i%8 of byte i/8
	// for value i. Empty where there is none, which is the rule.
	Skip []byte `cbor:"2,keyasint,omitempty"`
}

// Skipped reports whether value i of the batch is not in the log by this block.
func (t Taken) Skipped(i int) bool { return i/8 < len(t.Skip) && t.Skip[i/8]&(1<<(i%8)) != 0 }

// SkippedBefore counts the values before value i that are not in the log by this block.
func (t Taken) SkippedBefore(i int) (n int) {
	if len(t.Skip) == 0 {
		return 0
	}
	for _, b := range t.Skip[:i/8] {
		n += bits.OnesCount8(b)
	}
	return n + bits.OnesCount8(t.Skip[i/8]&(1<<(i%8)-1))
}

// Kept counts the values that the block took from the batch.
func (t Taken) Kept() int {
	n := int(t.Total)
	for _, b := range t.Skip {
		n -= bits.OnesCount8(b)
	}
	return n
}

func (t *Taken) skip(i int) {
	if t.Skip == nil {
		t.Skip = make([]byte, (t.Total+7)/8)
	}
	t.Skip[i/8] |= 1 << (i % 8)
}

// Hash is the header's.
func (b *Block) Hash() bft.Hash { return b.Header.Hash() }

// Encode gives the block's bytes in store and in transfer.
func (b *Block) Encode() []byte { return codec.Marshal(b) }

// ErrBlock marks bytes that are not a block.
var ErrBlock = errors.New("ledger: malformed block")

// DecodeBlock reads a block and checks that its batches are what its header
// promises. Whether the header is the log's, its certificate says.
func DecodeBlock(data []byte) (*Block, error) {
	b := new(Block)
	if err := codec.UnmarshalCanonical(data, b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBlock, err)
	}
	if b.Header.Version != BlockVersion {
		return nil, fmt.Errorf("%w: version %d", ErrBlock, b.Header.Version)
	}
	values := uint64(0)
	for _, t := range b.Batches {
		if t.Total > batch.MaxSize || len(t.Skip) != 0 && len(t.Skip) != int(t.Total+7)/8 || t.Kept() < 0 {
			return nil, fmt.Errorf("%w: skip list of batch %s", ErrBlock, t.Digest.Short())
		}
		values += uint64(t.Kept())
	}
	if values != b.Header.Values || MerkleRoot(b.digests()) != b.Header.Root {
		return nil, fmt.Errorf("%w: batches do not match the header", ErrBlock)
	}
	return b, nil
}

func (b *Block) digests() []bft.Hash {
	list := make([]bft.Hash, len(b.Batches))
	for i, t := range b.Batches {
		list[i] = t.Digest
	}
	return list
}
