package ledger

import (
	"slices"

	"abad/bft"
)

// bench says which slots of an epoch are expected out: at most f of those that
// were out in epoch e-K, longest run of absences first, ties by index. All nodes
// compute it from the same blocks.
type bench struct {
	quorum bft.Quorum
	window uint64 // K
	runs   []int  // per slot: the absences that end with the last block, at most Window
	ahead  map[uint64]bft.IDSet
}

func newBench(q bft.Quorum, window uint64) *bench {
	return &bench{quorum: q, window: window, runs: make([]int, q.All()), ahead: map[uint64]bft.IDSet{}}
}

// block takes in the block of epoch, which fixes the bench of epoch+K.
func (b *bench) block(epoch uint64, accepted []bft.ID) {
	var in bft.IDSet
	for _, id := range accepted {
		in.Add(id)
	}
	var out []bft.ID
	for id := range b.quorum.IDs() {
		if in.Has(id) {
			b.runs[id] = 0
		} else {
			b.runs[id] = min(b.runs[id]+1, Window)
			out = append(out, id)
		}
	}
	slices.SortStableFunc(out, func(x, y bft.ID) int { return b.runs[y] - b.runs[x] })
	var benched bft.IDSet
	for _, id := range out[:min(len(out), b.quorum.Faulty())] {
		benched.Add(id)
	}
	b.ahead[epoch+b.window] = benched
	delete(b.ahead, epoch)
}

// of gives the bench of an open epoch.
func (b *bench) of(epoch uint64) bft.IDSet { return b.ahead[epoch] }
