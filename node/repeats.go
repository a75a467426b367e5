package node

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"abad/batch"
	"abad/ledger"
)

// repeats looks up where values are that blocks have skipped, one block after the other
// beside the driver: clients that send everything again after a fault must not hold up the
// votes, nor fill the memory with blocks. Who waits is bounded as all values on their way are.
type repeats struct {
	node *Node
	wake chan struct{} // capacity 1

	mu   sync.Mutex
	list []*repeat
}

func (r *repeats) add(list []*repeat) {
	if len(list) == 0 {
		return
	}
	r.mu.Lock()
	r.list = append(r.list, list...)
	r.mu.Unlock()
	signal(r.wake)
}

func (r *repeats) take() (list []*repeat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, r.list = r.list, nil
	return list
}

// run looks up until ctx ends. Who waits then is told to ask again.
func (r *repeats) run(ctx context.Context) {
	for {
		list := r.take()
		slices.SortStableFunc(list, func(a, b *repeat) int { return cmp.Compare(a.height, b.height) })
		for len(list) > 0 {
			n := 1
			for n < len(list) && list[n].height == list[0].height {
				n++
			}
			r.node.settleRepeats(ctx, list[:n])
			list = list[n:]
		}
		select {
		case <-ctx.Done():
			<-r.node.driver.deaf // it adds no more
			for _, left := range r.take() {
				left.settle(place{}, ErrStopped)
			}
			return
		case <-r.wake:
		}
	}
}

// settleRepeats gives a client's retry the first one's receipt, and [ErrTaken] to another
// value under the same id. The values are all in one block.
func (n *Node) settleRepeats(ctx context.Context, list []*repeat) {
	err := n.compare(ctx, list[0].height, list)
	for _, r := range list {
		if r.payload == nil {
			continue
		}
		if err == nil {
			r.settle(place{}, fmt.Errorf("%w: value %s was skipped and is not in the recent log", ErrTaken, r.id))
		} else {
			r.settle(place{}, err)
		}
	}
}

// compare settles the values that it finds in a block. It has one of the block's batches in
// memory at a time, and only such as have one of the values.
func (n *Node) compare(ctx context.Context, height uint64, list []*repeat) error {
	if height == 0 {
		return nil
	}
	// There are receipts of blocks that are not on the disk yet.
	if err := n.driver.waitFor(ctx, func() bool { return n.store.Height() >= height }); err != nil || ctx.Err() != nil {
		return ErrStopped
	}
	block, err := readBlock(n.store, height)
	if err != nil {
		return err
	}
	ids, err := n.store.BlockIDs(height)
	if err != nil {
		return n.missing(height, err)
	}
	hits, behind := find(ids, list), uint64(0)
	for _, t := range block.Batches {
		first := behind
		behind += uint64(t.Kept())
		in := 0
		for in < len(hits) && hits[in].index < behind {
			in++
		}
		if in == 0 {
			continue
		}
		data, err := readBatch(n.store, t.Digest)
		if err != nil {
			return n.missing(height, err)
		}
		settleIn(data, t, place{height, first}, hits[:in])
		hits = hits[in:]
	}
	return nil
}

// hit is a value that has an index in a block.
type hit struct {
	*repeat
	index uint64
}

// find gives the values whose ids are among those of a block, in the block's order.
func find(ids []byte, list []*repeat) (hits []hit) {
	wanted := map[batch.ValueID][]*repeat{}
	for _, r := range list {
		wanted[r.id] = append(wanted[r.id], r)
	}
	index := uint64(0)
	for id := range slices.Chunk(ids, len(batch.ValueID{})) {
		for _, r := range wanted[batch.ValueID(id)] {
			hits = append(hits, hit{r, index})
		}
		index++
	}
	return hits
}

// settleIn settles values that are all in one batch, whose first one is at this place.
func settleIn(data []byte, t ledger.Taken, at place, hits []hit) {
	for i, v := range batch.Values(data) {
		if t.Skipped(i) {
			continue
		}
		for ; len(hits) > 0 && hits[0].index == at.index; hits = hits[1:] {
			r := hits[0]
			if bytes.Equal(v.Payload, r.payload) {
				r.settle(at, nil)
			} else {
				r.settle(place{}, fmt.Errorf("%w: %s is in block %d at index %d", ErrTaken, r.id, at.block, at.index))
			}
		}
		at.index++
	}
}
