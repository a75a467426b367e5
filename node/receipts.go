package node

import (
	"bytes"
	"fmt"
	"sync"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
)

// settle gives receipts to the clients whose batches a block has taken.
func (d *driver) settle(c ledger.Committed) {
	height, index := c.Block.Header.Epoch, uint64(0)
	for _, taken := range c.Block.Batches {
		if own, ok := d.batcher.land(taken.Digest); ok {
			d.settleBatch(own, taken, height, index)
		}
		index += uint64(taken.Kept())
	}
}

func (d *driver) settleBatch(own *building, taken ledger.Taken, height, index uint64) {
	for i, ticket := range own.tickets {
		if taken.Skipped(i) {
			ticket.settle(d.earlier(own, i))
			continue
		}
		ticket.settle(Receipt{Block: height, Index: index, ID: ticket.value}, nil)
		index++
	}
}

// earlier finds a value that was in the log already, or in an earlier batch of
// the same block: the client's retry gets the first one's receipt. Another value
// under the same id gets [ErrTaken].
func (d *driver) earlier(own *building, i int) (Receipt, error) {
	id := own.tickets[i].value
	height, ok := d.ledger.Epoch(id)
	if !ok {
		return Receipt{}, fmt.Errorf("%w: value %s was skipped and is not in the recent log", ErrTaken, id)
	}
	values, err := readValues(d.store, height)
	if err != nil {
		return Receipt{}, err
	}
	mine := batch.At(own.data, i).Payload
	for index, v := range values {
		if v.ID != id {
			continue
		}
		if !bytes.Equal(v.Payload, mine) {
			return Receipt{}, fmt.Errorf("%w: %s is in block %d at index %d", ErrTaken, id, height, index)
		}
		return Receipt{Block: height, Index: uint64(index), ID: id}, nil
	}
	return Receipt{}, fmt.Errorf("value %s is not in block %d: %w", id, height, ErrNotFound)
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
