package node

import (
	"sync/atomic"
	"time"

	"abad/acs"
	"abad/bft"
	"abad/ledger"
	"abad/store"
)

// Meters are told what a node measures as it happens; prometheus.Histogram is an
// [store.Observer]. A nil one is not told.
type Meters struct {
	Commit  store.Observer // seconds from the submission of a value of ours to its block
	Rounds  store.Observer // rounds of a slot's agreement
	Journal store.Observer // seconds until a tick's blocks and journal were on disk
	Sync    store.Observer // seconds until a transaction of the store was on disk
}

func (m Meters) withDefaults() Meters {
	for _, o := range []*store.Observer{&m.Commit, &m.Rounds, &m.Journal, &m.Sync} {
		if *o == nil {
			*o = deaf{}
		}
	}
	return m
}

// deaf is an observer that nobody asks.
type deaf struct{}

func (deaf) Observe(float64) {}

// SlotCounts says what became of a proposer's slots.
type SlotCounts struct {
	Accepted, Rejected uint64 // in the blocks committed here
	Benched            uint64 // began with bias 0; of the epochs that this node voted in
}

// tally counts what the driver commits. The driver writes it, anybody reads it.
type tally struct {
	blocks                      atomic.Uint64
	accepted, rejected, benched []atomic.Uint64 // per proposer
	blockTime, committed        atomic.Int64    // Unix milliseconds: by the last block's header, and by our clock
}

func newTally(nodes int) tally {
	return tally{
		accepted: make([]atomic.Uint64, nodes), rejected: make([]atomic.Uint64, nodes),
		benched: make([]atomic.Uint64, nodes),
	}
}

// block counts a block. slots is nil if this node did not vote on it.
func (t *tally) block(h ledger.BlockHeader, slots []acs.Slot, now time.Time) {
	var in bft.IDSet
	for _, id := range h.Accepted {
		in.Add(id)
	}
	for i := range t.accepted {
		if in.Has(bft.ID(i)) {
			t.accepted[i].Add(1)
		} else {
			t.rejected[i].Add(1)
		}
		if i < len(slots) && slots[i].Benched {
			t.benched[i].Add(1)
		}
	}
	t.blocks.Add(1)
	t.blockTime.Store(int64(h.Time))
	t.committed.Store(now.UnixMilli())
}

func (t *tally) slots() []SlotCounts {
	counts := make([]SlotCounts, len(t.accepted))
	for i := range counts {
		counts[i] = SlotCounts{t.accepted[i].Load(), t.rejected[i].Load(), t.benched[i].Load()}
	}
	return counts
}
