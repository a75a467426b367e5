package node

import (
	"testing"
	"testing/synctest"
	"time"

	"abad/batch"
)

// A batch is made when the next epoch is near, and not put off for ever by peers who
// open one after the other.
func TestBatchesAreNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const seal = 20 * time.Millisecond
		for name, c := range map[string]struct {
			every time.Duration // an epoch is opened
			took  time.Duration
		}{
			"once":            {time.Hour, seal},
			"again and again": {seal / 4, 2 * seal},
		} {
			b := newBatcher(Limits{}.withDefaults())
			began := time.Now()
			b.opened(seal)
			if _, err := b.enqueue(batch.Value{Payload: []byte("value")}); err != nil {
				t.Fatal(err)
			}
			next := began.Add(c.every)
			for {
				sealed, wait := b.take()
				if sealed != nil {
					break
				}
				time.Sleep(min(wait, time.Until(next)))
				if !time.Now().Before(next) {
					next = next.Add(c.every)
					b.opened(seal)
				}
				if time.Since(began) > time.Second {
					break
				}
			}
			if got := time.Since(began); got != c.took {
				t.Errorf("epochs are opened %s: a value waits %v, want %v", name, got, c.took)
			}
		}
	})
}
