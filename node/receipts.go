package node

import (
	"fmt"
	"sync"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
)

// settle gives receipts to the clients whose batches these blocks have taken. What
// needs a look into older blocks is looked up beside the driver, see [repeats].
func (d *driver) settle(blocks []ledger.Committed) {
	var repeats []*repeat
	for _, c := range blocks {
		height, index := c.Block.Header.Epoch, uint64(0)
		for _, taken := range c.Block.Batches {
			if own, ok := d.batcher.land(taken.Digest); ok {
				repeats = append(repeats, d.settleBatch(own, taken, height, index, false)...)
			}
			index += uint64(taken.Kept())
		}
	}
	d.repeats.add(repeats)
}

// foretell gives receipts to the clients whose batches a block has taken that this node
// cannot have yet, see [lookout]. What needs a look into the log waits for the block.
func (d *driver) foretell(b *ledger.Block) {
	index := uint64(0)
	for _, taken := range b.Batches {
		if taken.Kept() == int(taken.Total) {
			if own, ok := d.batcher.land(taken.Digest); ok {
				d.settleBatch(own, taken, b.Header.Epoch, index, true)
			}
		}
		index += uint64(taken.Kept())
	}
}

// settleBatch makes the fate of a batch known, and gives the values that the block
// skipped.
func (d *driver) settleBatch(own *building, taken ledger.Taken, height, first uint64, ahead bool) (repeats []*repeat) {
	f := own.fate
	f.when, f.block, f.first, f.taken, f.ahead = time.Now(), height, first, taken, ahead
	for i, came := range own.came {
		if !taken.Skipped(i) {
			d.meters.Commit.Observe(f.when.Sub(came).Seconds())
			continue
		}
		v := batch.At(own.data, i)
		at, _ := d.ledger.Epoch(v.ID)
		r := &repeat{id: v.ID, payload: v.Payload, height: at, known: make(chan struct{})}
		if f.repeats == nil {
			f.repeats = map[int]*repeat{}
		}
		f.repeats[i], repeats = r, append(repeats, r)
	}
	close(f.known)
	return repeats
}

func joinIDs(ids []batch.ValueID) []byte {
	all := make([]byte, 0, len(ids)*len(batch.ValueID{}))
	for _, id := range ids {
		all = append(all, id[:]...)
	}
	return all
}

func splitIDs(all []byte) ([]batch.ValueID, error) {
	const size = len(batch.ValueID{})
	if len(all)%size != 0 {
		return nil, fmt.Errorf("%d bytes of value ids", len(all))
	}
	ids := make([]batch.ValueID, len(all)/size)
	for i := range ids {
		copy(ids[i][:], all[i*size:])
	}
	return ids, nil
}

func digestsOf(b *ledger.Block) []bft.Hash {
	list := make([]bft.Hash, len(b.Batches))
	for i, t := range b.Batches {
		list[i] = t.Digest
	}
	return list
}

// broadcast wakes everybody who waits for a change.
type broadcast struct {
	mu sync.Mutex
	c  chan struct{}
}

// next is closed at the next signal.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil {
		b.c = make(chan struct{})
	}
	return b.c
}

func (b *broadcast) signal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c != nil {
		close(b.c)
		b.c = nil
	}
}
