package net

import (
	"context"
	"time"
)

const (
	// answerRate is how many bytes of an answer buy it another second: however slow a
	// link is, what gets on over it ends well, and a peer that sends a byte now and then
	// holds nobody up for long.
	answerRate = 64 << 10
	// answerStep is by how many bytes an answer gets on.
	answerStep = 16 << 10
)

// deadline ends a context with [ErrSlow] when an answer takes too long.
type deadline struct {
	at    time.Time
	timer *time.Timer
	cause context.CancelCauseFunc
}

func answerDeadline(ctx context.Context, patience time.Duration) (context.Context, *deadline) {
	ctx, cause := context.WithCancelCause(ctx)
	return ctx, &deadline{
		at: time.Now().Add(patience), cause: cause,
		timer: time.AfterFunc(patience, func() { cause(ErrSlow) }),
	}
}

func (d *deadline) extend(bytes int) {
	d.at = d.at.Add(time.Duration(bytes) * time.Second / answerRate)
	d.timer.Reset(time.Until(d.at))
}

func (d *deadline) end() {
	d.timer.Stop()
	d.cause(nil)
}
