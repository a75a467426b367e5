package node

import (
	"encoding/binary"
	"errors"
	"fmt"

	"abad/store"
)

// prunedMeta holds the height up to which the payload of blocks is gone.
const prunedMeta = "pruned"

// ErrPruned: the block's payload was deleted; its header and certificate are here.
var ErrPruned = errors.New("the block's values were pruned")

// pruneStep bounds how many blocks one round prunes, so that certificates are not
// held up by a large backlog.
const pruneStep = 256

// pruner deletes the payload of old blocks. It keeps what a peer may still come
// for: a block goes only when every node of the roster has said that it has a
// certificate for it, unless the operator told otherwise. Without that a peer
// that was away for long could not catch up from here.
type pruner struct {
	retain uint64 // blocks to keep; 0: all
	anyway bool   // also what peers may need
	pruned uint64
	noIDs  uint64 // the last block known to have no value ids any more
	driver *driver
	needed func() uint64 // the last block that every peer has
}

func readPruned(s *store.Store) (uint64, error) {
	data, err := s.Meta(prunedMeta)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	case len(data) != 8:
		return 0, fmt.Errorf("meta %q has %d bytes", prunedMeta, len(data))
	}
	return binary.BigEndian.Uint64(data), nil
}

// prune deletes what may go, of the blocks up to certified. It first writes down
// how far it will have come, so that a crash leaves no block that looks whole.
func (p *pruner) prune(certified uint64) error {
	if p.retain == 0 || certified <= p.retain {
		return nil
	}
	until := certified - p.retain
	if !p.anyway {
		until = min(until, p.needed())
	}
	until = min(until, p.pruned+pruneStep)
	if until <= p.pruned {
		return nil
	}
	s := p.driver.store
	if err := s.SetMeta(prunedMeta, binary.BigEndian.AppendUint64(nil, until)); err != nil {
		return err
	}
	for h := p.pruned + 1; h <= until; h++ {
		block, err := readBlock(s, h)
		if err != nil {
			return err
		}
		for _, t := range block.Batches {
			if err := s.DropBatch(t.Digest); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
	p.pruned = until
	return p.forget()
}

// forget deletes the ids of values that the ledger will not ask for again.
func (p *pruner) forget() error {
	last := min(p.pruned, p.driver.ledger.RestoreFrom(p.driver.store.Height())-1)
	if last <= p.noIDs {
		return nil
	}
	next, err := p.driver.store.DropIDs(p.noIDs+1, last)
	p.noIDs = next - 1
	return err
}

// common is the last block that every other node has certified, as far as is known.
func (n *Node) common() uint64 {
	least := n.Height()
	for id := range n.quorum.IDs() {
		if id != n.config.Self {
			least = min(least, n.driver.follower.position(id).Certified)
		}
	}
	return least
}
