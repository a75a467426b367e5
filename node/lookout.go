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

const (
	// askTimeout bounds a question whose answer is small.
	askTimeout = 5 * time.Second
	// lookAfter is how long a node is behind, or a client waits, until the node looks
	// where its clients' values are. A node that will soon have the blocks does not:
	// who has a receipt should find the value in the log here.
	lookAfter = 10 * time.Second
	// offerAfter is how long a batch is on its way until it is offered again.
	offerAfter = time.Second
	// framedAfter is that for a batch that went in a frame. Of those nobody knows who has
	// got them, but the link sends them again by itself; so it is more than an epoch
	// takes on all but the slowest networks.
	framedAfter = 4 * time.Second
	// lookPause is how often it looks.
	lookPause = 50 * time.Millisecond
)

// lookout gives receipts while this node is behind. To have a block it must fetch the
// payload of all those before, and a link may be too slow for that; where its own
// values are, the blocks themselves say, which are small. What f+1 peers say alike, a
// correct one says.
//
// It also offers our batches again to peers that were not there, or whose queue was
// full. In the end our own header would list them, but of a node that is behind the
// headers come too late.
type lookout struct {
	follower *follower
	batcher  *batcher
	offers   *offers
	foretell func(*ledger.Block) // gets each block, in order
	wake     chan struct{}       // capacity 1: something waits
	after    time.Duration       // lookAfter
	behind   time.Time           // since when; zero: it is not

	mu   sync.Mutex
	next uint64 // the first block that may have something of ours
}

// launching comes before a batch is sent. If it is the only one, those blocks that a
// correct node has already cannot have anything of ours.
func (l *lookout) launching() {
	if _, some := l.batcher.waits(); !some {
		l.advance(l.follower.credible() + 1)
	}
	signal(l.wake)
}

// advance says that what comes before a block need not be looked at, and gives the first
// that need be.
func (l *lookout) advance(to uint64) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = max(l.next, to)
	return l.next
}

func (l *lookout) run(ctx context.Context) {
	f := l.follower
	for {
		wake, timer := l.wake, (<-chan time.Time)(nil)
		if since, some := l.batcher.waits(); some {
			for _, d := range l.batcher.overdue(time.Now()) {
				l.offers.offer(d)
			}
			from := l.advance(f.stored() + 1)
			if far := f.far(); !far {
				l.behind = time.Time{}
			} else if l.behind.IsZero() {
				l.behind = time.Now()
			}
			late := !l.behind.IsZero() && time.Since(l.behind) > l.after || time.Since(since) > l.after
			if late && len(f.having(from)) >= f.quorum.Amplify() && l.look(ctx, from) == rangeBlocks {
				continue // there may be more
			}
			wake, timer = nil, time.After(lookPause)
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-timer:
		}
	}
}

// look takes in a range of blocks that f+1 peers have, and counts them.
func (l *lookout) look(ctx context.Context, from uint64) (n int) {
	for _, record := range l.follower.agreed(ctx, from) {
		b, err := ledger.DecodeBlock(record)
		if err != nil || b.Header.Epoch != from+uint64(n) {
			break // more than f peers are faulty
		}
		l.foretell(b)
		n++
	}
	l.advance(from + uint64(n))
	return n
}

// agreed asks peers for blocks from a height on until f+1 of them have given the same,
// and gives those, as they are in the store.
func (f *follower) agreed(ctx context.Context, from uint64) [][]byte {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	answers := make(chan [][]byte, f.quorum.All())
	var tried bft.IDSet
	ask := func() {
		id, ok := f.ranges.take(f.having(from), tried)
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
	answer, err := f.transport.Request(ctx, id, askBlocks, codec.Marshal(blockRequest{From: from}), 2*rangeBytes, nil)
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
