package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"abad/batch"
	"abad/bft"
)

const (
	// minLinger and maxLinger bound how long values wait for company while
	// earlier ones are on their way: long enough to make batches that are worth
	// their votes, short enough not to be felt.
	minLinger = time.Millisecond
	maxLinger = 50 * time.Millisecond
)

// batcher makes batches of the values of our own clients: at once when nothing
// of ours is under way, else when enough has come together or a part of the time
// that an epoch takes has passed. So an idle node adds no delay and a busy one
// fills its batches.
type batcher struct {
	limits Limits
	wake   chan struct{} // capacity 1: the batch being made has changed
	landed chan struct{} // capacity 1: a batch of ours is in a block

	mu       sync.Mutex
	building building
	sealed   map[bft.Hash]*building // under way: handed to the ledger, in no block
	queued   int64                  // bytes in building and sealed
	latency  time.Duration          // from sealing to the block, smoothed
	stopped  bool
}

// building is a batch and who waits for its values, in their order.
type building struct {
	data    []byte
	tickets []*Ticket
	since   time.Time // sealed
}

// Ticket is the promise of a receipt.
type Ticket struct {
	value batch.ValueID
	done  chan struct{}
	got   Receipt
	err   error
}

// ID is the value's.
func (t *Ticket) ID() batch.ValueID { return t.value }

// Wait gives the receipt once the value is in a block.
func (t *Ticket) Wait(ctx context.Context) (Receipt, error) {
	select {
	case <-t.done:
		return t.got, t.err
	case <-ctx.Done():
		return Receipt{}, context.Cause(ctx)
	}
}

func (t *Ticket) settle(r Receipt, err error) {
	t.got, t.err = r, err
	close(t.done)
}

func (t *building) fail(err error) {
	for _, ticket := range t.tickets {
		ticket.settle(Receipt{}, err)
	}
}

func newBatcher(l Limits) *batcher {
	return &batcher{
		limits: l,
		wake:   make(chan struct{}, 1), landed: make(chan struct{}, 1),
		sealed:  map[bft.Hash]*building{},
		latency: minLinger,
	}
}

// enqueue adds a value to the batch being made. It copies the payload.
func (b *batcher) enqueue(v batch.Value) (*Ticket, error) {
	if len(v.Payload) == 0 {
		return nil, ErrEmpty
	}
	if len(v.Payload) > b.limits.MaxValue {
		return nil, fmt.Errorf("%w: %d bytes, and the limit is %d", ErrTooLarge, len(v.Payload), b.limits.MaxValue)
	}
	t := &Ticket{value: v.ID, done: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	size := int64(len(v.Payload) + batch.Overhead)
	switch {
	case b.stopped:
		return nil, ErrStopped
	case b.queued+size > b.limits.Backlog/2:
		return nil, ErrBusy
	}
	before := len(b.building.data)
	if before == 0 {
		b.building.data = begin()
	}
	b.building.data = batch.Append(b.building.data, v)
	b.building.tickets = append(b.building.tickets, t)
	b.queued += int64(len(b.building.data) - before)
	signal(b.wake)
	return t, nil
}

func begin() []byte {
	var salt batch.Salt
	rand.Read(salt[:]) // never fails
	return batch.Begin(salt)
}

// next waits until a batch is to be sealed, and takes it.
func (b *batcher) next(ctx context.Context) (*building, error) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var opened time.Time // when the first value of this batch was seen
	for {
		b.mu.Lock()
		size, idle := len(b.building.data), len(b.sealed) == 0
		linger := min(max(b.latency/4, minLinger), maxLinger)
		if size > 0 && opened.IsZero() {
			opened = time.Now()
		}
		wait := linger - time.Since(opened)
		if size > 0 && (idle || size >= b.limits.BatchTarget || wait <= 0) {
			taken := b.take()
			b.mu.Unlock()
			return taken, nil
		}
		b.mu.Unlock()
		if size > 0 {
			timer.Reset(wait)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-b.wake:
		case <-b.landed:
		case <-timer.C:
		}
	}
}

// take cuts the batch off at [batch.MaxSize]; what is beyond begins the next one.
func (b *batcher) take() *building {
	t := b.building
	b.building = building{}
	if len(t.data) > batch.MaxSize {
		end, values := len(batch.Salt{}), 0
		for v := range batch.Values(t.data) {
			next := batch.Size(v)
			if end+next > batch.MaxSize {
				break
			}
			end, values = end+next, values+1
		}
		b.building.data = append(begin(), t.data[end:]...)
		b.queued += int64(len(batch.Salt{}))
		b.building.tickets = slices.Clone(t.tickets[values:])
		t.data, t.tickets = t.data[:end], t.tickets[:values]
		signal(b.wake)
	}
	t.since = time.Now()
	return &t
}

// launched notes that a batch is under way.
func (b *batcher) launched(d bft.Hash, t *building) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		t.fail(ErrStopped)
		return
	}
	b.sealed[d] = t
}

// land takes a batch that has come into a block, if it is one of ours.
func (b *batcher) land(d bft.Hash) (*building, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ours := b.sealed[d]
	if !ours {
		return nil, false
	}
	delete(b.sealed, d)
	b.queued -= int64(len(t.data))
	b.latency += (time.Since(t.since) - b.latency) / 8
	signal(b.landed)
	return t, true
}

// queue is how many bytes of our own wait for a block.
func (b *batcher) queue() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queued
}

// stop fails everything that waits.
func (b *batcher) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.building.fail(ErrStopped)
	for _, t := range b.sealed {
		t.fail(ErrStopped)
	}
	b.building, b.sealed = building{}, map[bft.Hash]*building{}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
