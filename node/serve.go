package node

import (
	"errors"
	"fmt"

	"abad/bft"
	"abad/codec"
	"abad/ledger"
	"abad/store"
)

const (
	// rangeBlocks and rangeBytes bound one answer with blocks.
	rangeBlocks = 64
	rangeBytes  = 4 << 20
	// smallBatch is the size up to which a batch goes along with its block: one
	// question for each would cost more than the batch.
	smallBatch = 32 << 10
)

// blockRequest asks for certified blocks from a height on.
type blockRequest struct {
	From uint64 `cbor:"0,keyasint"`
	// Whole asks for the small batches too. Who is far behind has none of them.
	Whole bool `cbor:"1,keyasint,omitempty"`
}

// certifiedBlock is a block as nodes give it to each other.
type certifiedBlock struct {
	Block       []byte             `cbor:"0,keyasint"`
	Certificate ledger.Certificate `cbor:"1,keyasint"`
	Batches     [][]byte           `cbor:"2,keyasint,omitempty"` // some of the block's, in any order
}

// serve answers the requests of peers; of the blocks, those that are certified
// without a gap.
func serve(s *store.Store, certified uint64, kind byte, body []byte) ([]byte, error) {
	switch kind {
	case askBatch:
		var d bft.Hash
		if err := d.UnmarshalBinary(body); err != nil {
			return nil, err
		}
		return s.Batch(d)
	case askBlocks:
		var r blockRequest
		if err := codec.Unmarshal(body, &r); err != nil {
			return nil, fmt.Errorf("request for blocks: %w", err)
		}
		return serveBlocks(s, certified, r)
	case askDecided:
		return serveDecided(s, string(body))
	case askTip:
		return serveTip(s, certified)
	}
	return nil, fmt.Errorf("unknown request %d", kind)
}

func serveBlocks(s *store.Store, certified uint64, r blockRequest) ([]byte, error) {
	var blocks []certifiedBlock
	size := 0
	for h := max(r.From, 1); h <= certified && len(blocks) < rangeBlocks && size < rangeBytes; h++ {
		b, err := readCertified(s, h)
		if err != nil {
			return nil, err
		}
		if r.Whole {
			if b.Batches, err = smallBatches(s, b.Block, rangeBytes-size); err != nil {
				return nil, err
			}
		}
		blocks = append(blocks, b)
		size += b.size()
	}
	return codec.Marshal(blocks), nil
}

func (b certifiedBlock) size() int {
	size := len(b.Block)
	for _, data := range b.Batches {
		size += len(data)
	}
	return size
}

// smallBatches are those of a block's batches that are small, up to so many bytes.
func smallBatches(s *store.Store, record []byte, room int) (list [][]byte, err error) {
	block, err := ledger.DecodeBlock(record)
	if err != nil {
		return nil, err
	}
	for _, t := range block.Batches {
		size, err := s.BatchSize(t.Digest)
		if errors.Is(err, store.ErrNotFound) || size > smallBatch || size > room {
			continue // pruned, or to be asked for by itself
		}
		var data []byte
		if err == nil {
			data, err = s.Batch(t.Digest)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, data)
		room -= len(data)
	}
	return list, nil
}

func readCertified(s *store.Store, h uint64) (certifiedBlock, error) {
	record, err := s.Block(h)
	if err != nil {
		return certifiedBlock{}, err
	}
	cert, err := readCertificate(s, h)
	return certifiedBlock{Block: record, Certificate: cert}, err
}
