package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"abad/bft"
	"abad/codec"
	"abad/ledger"
)

// lookPause is how often a node that is behind looks for its own batches in blocks
// that it cannot have yet.
const lookPause = 50 * time.Millisecond

// lookout gives receipts while this node is behind. To have a block it must fetch the
// payload of all those before, and a link may be too slow for that; where its own
// values are, the blocks themselves say, which are small. What f+1 peers say alike, a
// correct one says.
type lookout struct {
	follower *follower
	waits    func() bool         // whether clients wait for anything
	foretell func(*ledger.Block) // gets each block, in order
}

// run looks until ctx ends, from a height on.
func (l *lookout) run(ctx context.Context, from uint64) {
	f := l.follower
	for {
		seen := len(l.look(ctx, from))
		from += uint64(seen)
		if seen == rangeBlocks {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookPause):
		}
		if !l.waits() {
			// Whatever a client sends from here on comes into a later block than those
			// that a correct node has.
			from = max(from, f.credible()+1)
		}
		from = max(from, f.stored()+1)
	}
}

// look asks for a range of blocks and gives those that f+1 peers have.
func (l *lookout) look(ctx context.Context, from uint64) (blocks []*ledger.Block) {
	f := l.follower
	if !l.waits() || f.credible() < from {
		return nil
	}
	for _, record := range f.agreed(ctx, from) {
		b, err := ledger.DecodeBlock(record)
		if err != nil || b.Header.Epoch != from+uint64(len(blocks)) {
			break // more than f peers are faulty
		}
		l.foretell(b)
		blocks = append(blocks, b)
	}
	return blocks
}

// agreed asks peers for blocks from a height on until f+1 of them have given the same,
// and gives those, as they are in the store.
func (f *follower) agreed(ctx context.Context, from uint64) [][]byte {
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	answers := make(chan [][]byte, f.quorum.All())
	var tried bft.IDSet
	ask := func() {
		id, ok := f.ranges.take(f.certifying(from), tried)
		if !ok {
			return
		}
		tried.Add(id)
		asking.Go(func() {
			began := time.Now()
			records, err := f.records(ctx, id, from)
			if errors.Is(err, context.Canceled) {
				err = nil // the others were enough
			}
			f.ranges.done(id, time.Since(began), err)
			answers <- records
		})
	}
	for range f.quorum.Amplify() {
		ask()
	}
	var given [][][]byte
	for len(given) < tried.Len() {
		given = append(given, <-answers)
		if records := alike(given, f.quorum.Amplify()); len(records) > 0 {
			return records
		}
		if len(given) == tried.Len() {
			ask()
		}
	}
	return nil
}

// alike gives what so many lists have alike from their beginning on.
func alike(lists [][][]byte, many int) (records [][]byte) {
	for i := 0; ; i++ {
		votes := map[string]int{}
		found := false
		for _, list := range lists {
			if i >= len(list) {
				continue
			}
			key := string(list[i])
			if votes[key]++; votes[key] == many {
				records, found = append(records, list[i]), true
				break
			}
		}
		if !found {
			return records
		}
	}
}

// records asks one peer for blocks as they are in the store.
func (f *follower) records(ctx context.Context, id bft.ID, from uint64) (list [][]byte, err error) {
	answer, err := f.transport.Request(ctx, id, askBlocks, codec.Marshal(blockRequest{From: from}), 2*rangeBytes)
	if err != nil {
		return nil, err
	}
	var blocks []certifiedBlock
	if err := codec.Unmarshal(answer, &blocks); err != nil {
		return nil, fmt.Errorf("answer with blocks: %w", err)
	}
	for _, b := range blocks[:min(len(blocks), rangeBlocks)] {
		list = append(list, b.Block)
	}
	return list, nil
}
