package store

import (
	"context"
	"errors"
	"time"

	"github.com/dgraph-io/badger/v4"
)

const (
	// upkeepInterval is how often garbage is looked for. Finding none costs
	// microseconds.
	upkeepInterval = 10 * time.Second
	// upkeepBytes is how much payload brings the next round of upkeep forward:
	// it bounds how far resident memory runs ahead.
	upkeepBytes = 32 << 20
	// garbageRatio is the part of a value log file that must be garbage before
	// the rest is copied out. A half means that the disk holds at most twice what
	// is alive, and that a byte is written at most twice.
	garbageRatio = 0.5
)

// Run does what badger leaves to its user, until ctx ends: it lets old versions
// go, collects the garbage of the value log, takes written value log files out of
// resident memory, and gives back the room of batches that were dropped. It returns
// nil then, or the failure of the store.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(upkeepInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.failure.broken:
			return s.failure.get()
		case <-tick.C:
		case <-s.upkeep:
		}
		s.tidy(ctx)
	}
}

// wrote counts payload and calls for upkeep when there is enough of it.
func (s *Store) wrote(payload int) {
	if s.written.Add(int64(payload)) < upkeepBytes {
		return
	}
	s.written.Store(0)
	select {
	case s.upkeep <- struct{}{}:
	default:
	}
}

func (s *Store) tidy(ctx context.Context) {
	s.views.unread(func() { s.db.SetDiscardTs(s.durable.Load()) })
	if err := pageOut(s.dir); err != nil {
		s.options.Log.Warn("store: resident memory will grow", "err", err)
	}
	if err := s.reap(); err != nil {
		s.options.Log.Warn("store: the room of dropped batches stays", "err", err)
	}
	for ctx.Err() == nil && s.collect() {
	}
}

// collect rewrites the value log file with the most garbage, and reports whether
// there was one.
func (s *Store) collect() bool {
	if s.views.enter(&s.views.writers) != nil {
		return false // closed: our owner is about to end us
	}
	defer s.views.leave(&s.views.writers)
	err := s.db.RunValueLogGC(garbageRatio)
	if err != nil && !errors.Is(err, badger.ErrNoRewrite) && !errors.Is(err, badger.ErrRejected) {
		s.options.Log.Warn("store: garbage stays", "err", err)
	}
	return err == nil
}
