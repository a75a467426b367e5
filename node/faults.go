package node

import (
	"log/slog"
	"maps"
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
	byKind []map[FaultKind]uint64
	logged []time.Time
}

func newFaults(nodes int, log *slog.Logger) *faults {
	f := &faults{log: log, counts: make([]uint64, nodes), logged: make([]time.Time, nodes)}
	for range nodes {
		kinds := make(map[FaultKind]uint64, len(faultKinds))
		for _, k := range faultKinds {
			kinds[k.kind] = 0
		}
		f.byKind = append(f.byKind, kinds)
	}
	return f
}

func (f *faults) note(fault bft.Fault) {
	kind := kindOf(fault)
	f.mu.Lock()
	f.counts[fault.Peer]++
	f.byKind[fault.Peer][kind]++
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

// kinds gives every peer's counts, zeros among them.
func (f *faults) kinds() []map[FaultKind]uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]map[FaultKind]uint64, len(f.byKind))
	for i, kinds := range f.byKind {
		list[i] = maps.Clone(kinds)
	}
	return list
}

func (f *faults) count(id bft.ID) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[id]
}
