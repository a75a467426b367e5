package node

import (
	"log/slog"
	"sync"
	"time"

	"abad/bft"
)

// faultLogPause is how often at most a peer's faults are logged: a liar must not
// fill the disk.
const faultLogPause = time.Minute

// faults counts what peers did wrong.
type faults struct {
	log *slog.Logger

	mu     sync.Mutex
	counts []uint64
	logged []time.Time
}

func newFaults(nodes int, log *slog.Logger) *faults {
	return &faults{log: log, counts: make([]uint64, nodes), logged: make([]time.Time, nodes)}
}

func (f *faults) note(fault bft.Fault) {
	f.mu.Lock()
	f.counts[fault.Peer]++
	count := f.counts[fault.Peer]
	quiet := time.Since(f.logged[fault.Peer]) < faultLogPause
	if !quiet {
		f.logged[fault.Peer] = time.Now()
	}
	f.mu.Unlock()
	if !quiet {
		f.log.Warn("peer misbehaves", "peer", fault.Peer, "err", fault.Why, "count", count)
	}
}

func (f *faults) count(id bft.ID) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[id]
}
