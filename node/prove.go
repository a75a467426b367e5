package node

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"abad/batch"
	"abad/proof"
)

// Find tells where a value of the recent log is, or [ErrNotFound]. The recent log
// is what the ledger remembers for skipping repeats: about a million values.
func (n *Node) Find(ctx context.Context, id batch.ValueID) (Receipt, error) {
	var height uint64
	var known bool
	if err := n.driver.look(ctx, func() { height, known = n.driver.ledger.Epoch(id) }); err != nil {
		return Receipt{}, err
	}
	if !known {
		return Receipt{}, fmt.Errorf("%w: value %s is not in the recent log", ErrNotFound, id)
	}
	if err := n.WaitHeight(ctx, height); err != nil {
		return Receipt{}, err
	}
	n.landed(height)
	ids, err := n.store.BlockIDs(height)
	if err != nil {
		return Receipt{}, notFound(err)
	}
	i := uint64(0)
	for other := range slices.Chunk(ids, len(id)) {
		if bytes.Equal(other, id[:]) {
			return Receipt{Block: height, Index: i}, nil
		}
		i++
	}
	return Receipt{}, fmt.Errorf("%w: value %s is not in block %d", ErrNotFound, id, height)
}

// Prove gives a value by its place in the log, with a proof of it. [ErrNotFound]
// says that there is no such value, or that the block has no certificate yet.
func (n *Node) Prove(height, index uint64) (batch.Value, *proof.Proof, error) {
	block, err := n.Block(height)
	if err != nil {
		return batch.Value{}, nil, err
	}
	cert, err := n.Certificate(height)
	if err != nil {
		return batch.Value{}, nil, err
	}
	left := index
	for _, t := range block.Batches {
		if kept := uint64(t.Kept()); left >= kept {
			left -= kept
			continue
		}
		data, err := n.store.Batch(t.Digest)
		if err != nil {
			return batch.Value{}, nil, n.missing(height, err)
		}
		for i := range int(t.Total) {
			if t.Skipped(i) {
				continue
			}
			if left == 0 {
				p, err := proof.New(block, cert.Block, data, i)
				return batch.At(data, i), &p, err
			}
			left--
		}
	}
	return batch.Value{}, nil, fmt.Errorf("%w: block %d has %d values", ErrNotFound, height, block.Header.Values)
}

// WaitCertificate waits until a block has its certificate.
func (n *Node) WaitCertificate(ctx context.Context, height uint64) error {
	return n.driver.waitFor(ctx, func() bool { return n.driver.archive.stored.Load() >= height })
}

// PublicKey is the cluster's, 96 bytes: what a proof is checked with.
func (n *Node) PublicKey() []byte { return n.config.CoinKey.Group().PublicKey().Bytes() }
