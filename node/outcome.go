package node

import (
	"errors"
	"sync/atomic"
)

// Outcome says how a submission was received.
type Outcome string

// The outcomes. Those that are the client's fault are its own affair; the others are
// what a node is there to avoid.
const (
	OutcomeAccepted Outcome = "accepted"  // it will be in the log
	OutcomeBusy     Outcome = "busy"      // [ErrBusy]
	OutcomeStopped  Outcome = "stopped"   // [ErrStopped]
	OutcomeEmpty    Outcome = "empty"     // [ErrEmpty]: the client's fault
	OutcomeTooLarge Outcome = "too_large" // [ErrTooLarge]: the client's fault
)

// received counts submissions by outcome.
type received struct {
	accepted, busy, stopped, empty, tooLarge atomic.Uint64
}

func (r *received) note(t *Ticket, err error) {
	switch {
	case err == nil:
		r.accepted.Add(uint64(t.count))
	case errors.Is(err, ErrBusy):
		r.busy.Add(1)
	case errors.Is(err, ErrStopped):
		r.stopped.Add(1)
	case errors.Is(err, ErrEmpty):
		r.empty.Add(1)
	case errors.Is(err, ErrTooLarge):
		r.tooLarge.Add(1)
	}
}

func (b *batcher) outcomes() map[Outcome]uint64 {
	return map[Outcome]uint64{
		OutcomeAccepted: b.received.accepted.Load(),
		OutcomeBusy:     b.received.busy.Load(),
		OutcomeStopped:  b.received.stopped.Load(),
		OutcomeEmpty:    b.received.empty.Load(),
		OutcomeTooLarge: b.received.tooLarge.Load(),
	}
}

// own tells what waits. A batch's first value is its oldest.
func (b *batcher) own() Own {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := Own{Bytes: b.queued}
	count := func(t *building) {
		if t == nil {
			return
		}
		o.Values += len(t.came)
		if len(t.came) > 0 && (o.Oldest.IsZero() || t.came[0].Before(o.Oldest)) {
			o.Oldest = t.came[0]
		}
	}
	count(b.open)
	for _, t := range b.sealing {
		count(t)
	}
	for _, t := range b.full {
		count(t)
	}
	for _, t := range b.sealed {
		count(t)
	}
	return o
}
