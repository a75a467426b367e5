package node

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abad/net"
)

// As many batches are asked for at once as come quickly: many on a fast link, one after the
// other on a slow one, and all come.
func TestWindowFindsWhatALinkCarries(t *testing.T) {
	const batches = 400
	for name, c := range map[string]struct {
		trip        time.Duration
		each        time.Duration // the link's time for one batch
		least, most int           // at once, at the end
	}{
		"fast":          {trip: time.Millisecond, each: 10 * time.Millisecond, least: mostPulls, most: mostPulls},
		"fast and far":  {trip: 600 * time.Millisecond, each: 10 * time.Millisecond, least: mostPulls, most: mostPulls},
		"slow":          {trip: time.Millisecond, each: 500 * time.Millisecond, least: 1, most: 5},
		"slow and far":  {trip: 600 * time.Millisecond, each: 500 * time.Millisecond, least: 1, most: 5},
		"hardly at all": {trip: time.Millisecond, each: 3 * time.Second, least: 1, most: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWindows(1)[0]
				var mu sync.Mutex
				flying, late := 0, 0
				var free time.Time // when the link has carried what was asked for
				var asking sync.WaitGroup
				for range batches {
					asking.Go(func() {
						if err := w.enter(t.Context()); err != nil {
							t.Error(err)
							return
						}
						began := time.Now()
						mu.Lock()
						flying++
						if free.Before(began) {
							free = began
						}
						free = free.Add(c.each)
						until := free.Add(c.trip)
						if flying > 20 && c.each > 100*time.Millisecond {
							late++
						}
						mu.Unlock()
						time.Sleep(time.Until(until))
						mu.Lock()
						flying--
						mu.Unlock()
						w.leave(began, c.trip, nil)
					})
				}
				asking.Wait()
				if late > 0 {
					t.Errorf("%d batches were asked for beside twenty others on a slow link", late)
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				if w.flying != 0 || w.size < c.least || w.size > c.most {
					t.Errorf("%d at once, %d under way; want %d to %d", w.size, w.flying, c.least, c.most)
				}
			})
		})
	}
}

// What failed for want of time makes the window smaller, once for all that were asked for
// together; a peer that declines says nothing of its link.
func TestWindowAfterFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindows(1)[0]
		w.size = 16
		fail := func(err error) {
			began := time.Now()
			time.Sleep(time.Second)
			for range 16 {
				w.flying++
				w.leave(began, 0, err)
			}
		}
		fail(errors.New("no such batch"))
		if w.size != 16 {
			t.Errorf("size %d after peers that have no such batch", w.size)
		}
		fail(net.ErrSlow)
		if w.size != 8 {
			t.Errorf("size %d after one time of slow answers", w.size)
		}
		for range 10 {
			fail(net.ErrSlow)
		}
		if w.size != 1 {
			t.Errorf("size %d when nothing comes", w.size)
		}
		if err := w.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second one enters: %v", err)
		}
	})
}
