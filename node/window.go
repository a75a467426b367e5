package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"abad/net"
)

const (
	// firstPulls is how many batches a catch-up asks one peer for at once before it knows
	// what the link carries, and mostPulls how many it may come to.
	firstPulls = 4
	mostPulls  = 48
	// quickPull is how long an answer may take for more to be asked for at once, and
	// slowPull from when on it is to be fewer: on a slow link all answers share what it
	// carries, and the more there are, the longer takes each.
	quickPull = time.Second
	slowPull  = 2 * time.Second
)

// window bounds how many batches are asked for at one peer at once: more and more while
// they come quickly, half as many once they do not.
type window struct {
	mu     sync.Mutex
	size   int
	flying int
	shrunk time.Time     // answers to older questions say nothing of the size since
	freed  chan struct{} // closed and replaced when there is room
}

func newWindows(n int) []*window {
	list := make([]*window, n)
	for i := range list {
		list[i] = &window{size: firstPulls, freed: make(chan struct{})}
	}
	return list
}

// enter waits for room.
func (w *window) enter(ctx context.Context) error {
	for {
		w.mu.Lock()
		if w.flying < w.size {
			w.flying++
			w.mu.Unlock()
			return nil
		}
		freed := w.freed
		w.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leave gives room back, and learns from how a question went that was asked at began; a
// round trip of it is not what the link carries.
func (w *window) leave(began time.Time, trip time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	took := time.Since(began) - trip
	switch full := w.flying >= w.size; {
	case err != nil && !errors.Is(err, net.ErrSlow): // says nothing
	case err == nil && took < quickPull && full:
		w.size = min(w.size+1, mostPulls)
	case (err != nil || took > slowPull) && began.After(w.shrunk):
		w.size, w.shrunk = max(w.size/2, 1), time.Now()
	}
	w.flying--
	close(w.freed)
	w.freed = make(chan struct{})
}
