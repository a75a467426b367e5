package ledger

import (
	"abad/batch"
	"abad/bft"
)

// Window is the number of epochs that the log remembers for skipping what it
// holds already: a client's retry, or a batch listed twice, within so many epochs
// is no second value. MaxRecent bounds the values remembered, so the memory: if
// the last Window epochs hold more, the oldest of them are forgotten earlier.
const (
	Window    = 1024
	MaxRecent = 1 << 20
)

// recent knows in which epoch a batch or a value entered the log: those of the
// longest run of latest epochs that keeps within both bounds. That is a function
// of the log alone, whenever a node began to read it.
type recent struct {
	batches map[bft.Hash]uint64
	values  map[batch.ValueID]uint64
	epochs  []taken // oldest first
}

type taken struct {
	batches []bft.Hash
	values  []batch.ValueID
}

func newRecent() *recent {
	return &recent{batches: map[bft.Hash]uint64{}, values: map[batch.ValueID]uint64{}}
}

// value enters a value that epoch takes, unless the log has it.
func (r *recent) value(epoch uint64, id batch.ValueID) (fresh bool) {
	if _, logged := r.values[id]; logged {
		return false
	}
	r.values[id] = epoch
	return true
}

// end enters the batches of epoch, after its values, and forgets what falls out.
func (r *recent) end(epoch uint64, t taken) {
	for _, d := range t.batches {
		r.batches[d] = epoch
	}
	r.epochs = append(r.epochs, t)
	for len(r.epochs) > Window || len(r.values) > MaxRecent && len(r.epochs) > 1 {
		for _, d := range r.epochs[0].batches {
			delete(r.batches, d)
		}
		for _, id := range r.epochs[0].values {
			delete(r.values, id)
		}
		r.epochs[0] = taken{}
		r.epochs = r.epochs[1:]
	}
}
