package ledger

import (
	"slices"
	"sort"

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
	epochs  []taken         // oldest first
	open    []batch.ValueID // of the epoch that is being entered
	values  index           // of those in epochs and open
}

type taken struct {
	epoch   uint64
	batches []bft.Hash
	values  []batch.ValueID
	first   uint32 // place of the first of them: its number in the log, from anywhere, modulo 2^32
}

func newRecent() *recent {
	return &recent{batches: map[bft.Hash]uint64{}, values: newIndex()}
}

// expect makes room for values of the epoch to come.
func (r *recent) expect(values int) { r.open = slices.Grow(r.open, values) }

// enter enters values of the epoch to come, but for those that the log has: repeat
// is told which of ids these are.
func (r *recent) enter(ids []batch.ValueID, repeat func(i int)) {
	var hashes [warmAtOnce]uint32
	for i, id := range ids {
		if i%warmAtOnce == 0 {
			r.values.warm(r.hash(&hashes, ids[i:]))
		}
		hash := hashes[i%warmAtOnce]
		if _, logged := r.find(hash, id); logged {
			repeat(i)
			continue
		}
		r.values.put(hash)
		r.open = append(r.open, id)
	}
}

// hash hashes as many of ids as there is room for.
func (r *recent) hash(hashes *[warmAtOnce]uint32, ids []batch.ValueID) []uint32 {
	ids = ids[:min(len(ids), warmAtOnce)]
	for i, id := range ids {
		hashes[i] = r.values.hash(id)
	}
	return hashes[:len(ids)]
}

func (r *recent) find(hash uint32, id batch.ValueID) (place uint32, found bool) {
	return r.values.find(hash, func(place uint32) bool {
		if i := r.values.next - place; int(i) <= len(r.open) {
			return r.open[len(r.open)-int(i)] == id
		}
		t := r.holder(place)
		return t.values[place-t.first] == id
	})
}

// holder is the ended epoch that has the value at a place.
func (r *recent) holder(place uint32) *taken {
	oldest := r.epochs[0].first
	i := sort.Search(len(r.epochs), func(i int) bool { return r.epochs[i].first-oldest > place-oldest })
	return &r.epochs[i-1]
}

// epochOf gives the epoch in which a value of the log entered it.
func (r *recent) epochOf(id batch.ValueID) (epoch uint64, logged bool) {
	place, logged := r.find(r.values.hash(id), id)
	if !logged || int(r.values.next-place) <= len(r.open) {
		return 0, false
	}
	return r.holder(place).epoch, true
}

// end ends an epoch, whose values are in, with its batches, and forgets what falls out.
func (r *recent) end(epoch uint64, batches []bft.Hash) {
	for _, d := range batches {
		r.batches[d] = epoch
	}
	r.epochs = append(r.epochs, taken{epoch, batches, r.open, r.values.next - uint32(len(r.open))})
	r.open = nil
	for len(r.epochs) > Window || r.values.len() > MaxRecent && len(r.epochs) > 1 {
		oldest := &r.epochs[0]
		for _, d := range oldest.batches {
			delete(r.batches, d)
		}
		r.values.forget(len(oldest.values))
		*oldest = taken{}
		r.epochs = r.epochs[1:]
	}
}
