package net

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// An answer has its patience, and a second more for each 64 KiB.
func TestAnswerDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		bytes int           // that come
		every time.Duration // so often
		steps int
		ends  time.Duration
	}{
		"nothing comes": {ends: 5 * time.Second},
		"slow, but on":  {bytes: answerRate, every: 900 * time.Millisecond, steps: 100, ends: 105 * time.Second},
		"too slow":      {bytes: answerRate / 64, every: time.Second, steps: 100, ends: 5*time.Second + 5*time.Second/64},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ctx, d := answerDeadline(t.Context(), 5*time.Second)
				defer d.end()
				for range c.steps {
					time.Sleep(c.every)
					if ctx.Err() != nil {
						break
					}
					d.extend(c.bytes)
				}
				<-ctx.Done()
				if !errors.Is(context.Cause(ctx), ErrSlow) || time.Since(began) > c.ends+c.every || time.Since(began) < c.ends {
					t.Errorf("ended after %v with %v, want %v", time.Since(began), context.Cause(ctx), c.ends)
				}
			})
		})
	}
}
