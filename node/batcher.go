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

// batcher makes batches of the values of our own clients: when the driver is about to
// open an epoch, or when enough has come together; at once when no epoch was opened
// lately (see pace). So an idle node adds no delay and a busy one fills its batches.
type batcher struct {
	limits Limits
	wake   chan struct{} // capacity 1: there may be something to seal

	received received

	mu      sync.Mutex
	open    *building   // takes the next value; nil: there is none
	full    []*building // waiting to be sealed, oldest first
	sealing []*building // not launched yet
	sealed  map[bft.Hash]*building
	queued  int64         // bytes in all of these
	last    [2]size       // of those that were sealed last
	due     time.Time     // a batch that is not full is sealed then, if no epoch was opened
	linger  time.Duration // the longest wait for that
	stopped bool
}

// building is a batch and who waits for its values, in their order.
type building struct {
	builder *batch.Builder
	data    []byte      // once it is sealed
	came    []time.Time // of each value
	since   time.Time   // of the first
	fate    *fate

	patience time.Duration // see overdue
}

// size is a batch's.
type size struct{ bytes, values int }

func (t *building) fail(err error) {
	t.fate.err = err
	close(t.fate.known)
}

func newBatcher(l Limits) *batcher {
	return &batcher{limits: l, wake: make(chan struct{}, 1), sealed: map[bft.Hash]*building{}}
}

// enqueue adds the first of these values to the batch being made, as many as it takes.
// It copies the payloads. The error is the very first one's.
func (b *batcher) enqueue(came time.Time, vs ...batch.Value) (*Ticket, error) {
	t, err := b.add(came, vs)
	b.received.note(t, err)
	return t, err
}

func (b *batcher) add(came time.Time, vs []batch.Value) (*Ticket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.accepts(vs[0]); err != nil {
		return nil, err
	}
	if b.open != nil && !b.fits(vs[0]) {
		b.full, b.open = append(b.full, b.open), nil
	}
	if b.open == nil {
		b.open = begin(b.expected())
		b.queued += int64(b.open.builder.Size())
	}
	t := &Ticket{came: came, fate: b.open.fate, first: len(b.open.came)}
	for i, v := range vs {
		if i > 0 && (b.accepts(v) != nil || !b.fits(v)) {
			break
		}
		b.open.builder.Add(v)
		b.open.came = append(b.open.came, came)
		b.queued += grows(v)
		t.count++
	}
	signal(b.wake)
	return t, nil
}

// grows is what a value adds to a batch.
func grows(v batch.Value) int64 { return int64(len(v.Payload) + batch.Overhead) }

// accepts says what is wrong with a value, or with taking one now.
func (b *batcher) accepts(v batch.Value) error {
	switch {
	case len(v.Payload) == 0:
		return ErrEmpty
	case len(v.Payload) > b.limits.MaxValue:
		return fmt.Errorf("%w: %d bytes, and the limit is %d", ErrTooLarge, len(v.Payload), b.limits.MaxValue)
	case b.stopped:
		return ErrStopped
	case b.queued+grows(v) > b.limit():
		return ErrBusy
	}
	return nil
}

// fits reports whether the batch being made has room for a value.
func (b *batcher) fits(v batch.Value) bool {
	return b.open.builder.Size()+int(grows(v)) <= b.limits.BatchTarget
}

// limit is how many bytes of our own may wait: half of what peers hold of us, so
// that they never stop reading.
func (b *batcher) limit() int64 { return b.limits.Backlog / 2 }

// expected is how large the next batch may become: as the larger one of the last two,
// since one that is full is followed by the rest of its epoch.
func (b *batcher) expected() size {
	return size{
		min(max(b.last[0].bytes, b.last[1].bytes), b.limits.BatchTarget),
		max(b.last[0].values, b.last[1].values),
	}
}

// begin makes a batch with room for one like this.
func begin(like size) *building {
	var salt [16]byte
	rand.Read(salt[:]) // never fails
	builder := batch.NewBuilder(salt)
	builder.Grow(like.bytes)
	return &building{
		builder: builder, came: make([]time.Time, 0, like.values), since: time.Now(),
		fate: newFate(),
	}
}

// next waits until a batch is to be sealed, and takes it.
func (b *batcher) next(ctx context.Context) (*building, error) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		t, wait := b.take()
		if t != nil {
			return t, nil
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-b.wake:
		case <-timer.C:
		}
	}
}

// take gives the batch to be sealed now, or how long until there may be one.
func (b *batcher) take() (*building, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var t *building
	switch {
	case len(b.full) > 0:
		t, b.full = b.full[0], b.full[1:]
	case b.open == nil:
		return nil, time.Hour
	default:
		// Epochs that follow each other put due off each time, but values need not wait
		// for ever.
		due := b.open.since.Add(b.linger)
		if b.due.Before(due) {
			due = b.due
		}
		if wait := time.Until(due); wait > 0 {
			return nil, wait
		}
		t, b.open = b.open, nil
		b.due = time.Now().Add(b.linger / 2) // where no epoch can be opened, many small ones would come
	}
	b.seal(t)
	return t, 0
}

// takeOpen gives the batch that is being made, nil if there is none.
func (b *batcher) takeOpen() *building {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.open
	if t != nil {
		b.open = nil
		b.seal(t)
	}
	return t
}

func (b *batcher) seal(t *building) {
	t.data, t.builder = t.builder.Bytes(), nil
	b.last = [2]size{{len(t.data), len(t.came)}, b.last[0]}
	b.sealing = append(b.sealing, t)
}

// launched notes that a batch is under way.
func (b *batcher) launched(d bft.Hash, t *building) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sealing = slices.DeleteFunc(b.sealing, func(s *building) bool { return s == t })
	if b.stopped {
		t.fail(ErrStopped)
		return
	}
	if t.patience = offerAfter; len(t.data) <= maxFramed {
		t.patience = framedAfter
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
	return t, true
}

// waits tells since when our oldest batch on its way has been, if there is some.
func (b *batcher) waits() (since time.Time, some bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.sealed {
		if !some || t.since.Before(since) {
			since, some = t.since, true
		}
	}
	return since, some
}

// overdue gives the batches on their way for longer than offerAfter, or framedAfter, and
// each of them again when that time has doubled.
func (b *batcher) overdue(now time.Time) (list []bft.Hash) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for d, t := range b.sealed {
		if age := now.Sub(t.since); age > t.patience {
			list, t.patience = append(list, d), 2*age
		}
	}
	return list
}

// onItsWay gives a batch of ours that is in no block.
func (b *batcher) onItsWay(d bft.Hash) ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, some := b.sealed[d]
	if !some {
		return nil, false
	}
	return t.data, true
}

// opened notes that an epoch was, and how long the rest after it takes.
func (b *batcher) opened(rest time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.linger = 2 * rest
	b.due = time.Now().Add(b.linger)
}

// rested notes that the next epoch may be opened as soon as there is a batch.
func (b *batcher) rested() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.due = time.Now()
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
	if b.open != nil {
		b.full = append(b.full, b.open)
	}
	for _, t := range b.full {
		t.fail(ErrStopped)
	}
	for _, t := range b.sealed {
		t.fail(ErrStopped)
	}
	b.open, b.full, b.sealed = nil, nil, map[bft.Hash]*building{}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
