package node

import (
	"context"
	"sync"
	"time"

	"abad/batch"
	"abad/ledger"
)

// Ticket is the promise of receipts for values that came together and are in one batch,
// one behind the other.
type Ticket struct {
	came  time.Time
	fate  *fate
	first int // of the values in their batch
	count int
}

// Len is how many values it is for, at least one.
func (t *Ticket) Len() int { return t.count }

// Wait gives the receipt of one of them, counted from 0, once the value is in a block.
func (t *Ticket) Wait(ctx context.Context, i int) (Receipt, error) {
	if err := until(ctx, t.fate.known); err != nil {
		return Receipt{}, err
	}
	f, index := t.fate, t.first+i
	at, err := place{f.block, f.first}, f.err
	at.index += uint64(index - f.taken.SkippedBefore(index))
	if repeat := f.repeats[index]; repeat != nil {
		if err := until(ctx, repeat.known); err != nil {
			return Receipt{}, err
		}
		at, err = repeat.at, repeat.err
	}
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Block: at.block, Index: at.index, Ahead: f.ahead, Took: f.when.Sub(t.came)}, nil
}

// Stored returns when the values are on this node's disk, or have their fate.
func (t *Ticket) Stored(ctx context.Context) error {
	select {
	case <-t.fate.stored:
		return nil
	case <-t.fate.known:
		return t.fate.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// until waits for a channel that is closed.
func until(ctx context.Context, closed <-chan struct{}) error {
	select {
	case <-closed: // as most are when a stream comes to them
		return nil
	default:
	}
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// place is where in the log a value is.
type place struct{ block, index uint64 }

// fate is what becomes of a batch of ours. It is all that the tickets of its values
// hold on to, so a client that does not take its receipts keeps no batch in memory.
type fate struct {
	once   sync.Once
	stored chan struct{} // closed when the batch is on this node's disk
	known  chan struct{} // closed when the rest is

	err error // why there are no receipts

	when         time.Time
	block, first uint64 // where the first value is that the block took
	taken        ledger.Taken
	ahead        bool
	repeats      map[int]*repeat // by index, where the block skipped a value
}

func newFate() *fate {
	return &fate{stored: make(chan struct{}), known: make(chan struct{})}
}

// keep notes that the batch is on disk.
func (f *fate) keep() { f.once.Do(func() { close(f.stored) }) }

// repeat is a value that was in the log already, or in an earlier batch of the
// same block.
type repeat struct {
	id      batch.ValueID
	payload []byte
	height  uint64 // where it is; 0: the ledger does not know

	known chan struct{} // closed when the rest is
	at    place
	err   error
}

func (r *repeat) settle(at place, err error) {
	r.at, r.err, r.payload = at, err, nil
	close(r.known)
}
