package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// The pause before a request is repeated grows from the one to the other: a node
// that restarts is missed by a moment only, one that is gone is not hammered.
const (
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// retry decides whether and when a request is sent again.
type retry struct {
	attempts int // Config.Attempts
	failed   int // in a row, without an answer
	pause    time.Duration
}

// good forgets the failures.
func (r *retry) good() { r.failed, r.pause = 0, 0 }

// again gives the pause before the next attempt after err, or false when err stands.
func (r *retry) again(err error) (pause time.Duration, ok bool) {
	r.pause = min(max(2*r.pause, minPause), maxPause)
	var refused *Error
	switch {
	case errors.As(err, &refused):
		r.failed = 0
		return max(refused.RetryAfter, r.pause), refused.Passing()
	case errors.Is(err, ErrUnreachable):
		r.failed++
		return r.pause, r.attempts == 0 || r.failed < r.attempts
	}
	return 0, false
}

// sleep waits, up to a quarter longer by chance, so that a thousand clients
// who were sent away at once do not come back at once.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d + rand.N(d/4+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
