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
	return &recent{batches: map[bft.Hash]uint64{}, values: newIndex(smallIndex)}
}

// expect makes room for values of the epoch to come.
func (r *recent) expect(values int) { r.open = slices.Grow(r.open, values) }

// enter enters values of the epoch to come, but for those that the log has: repeat
// is told which of ids these are.
func (r *recent) enter(ids []batch.ValueID, repeat func(i int)) {
	var hashes [warmAtOnce]uint32
	done := 0
	for some := range slices.Chunk(ids, warmAtOnce) {
		r.makeRoom(len(some))
		r.values.warm(&hashes, some)
		for i, id := range some {
			if r.values.enter(hashes[i], func(place uint32) bool { return r.at(place) == id }) {
				r.open = append(r.open, id)
			} else {
				repeat(done + i)
			}
		}
		done += len(some)
	}
}

// makeRoom sees to it that the index has room for so many values more: one that is too
// small is made anew.
func (r *recent) makeRoom(values int) {
	size := len(r.values.buckets)
	for r.values.len()+values > fullAtBucket*size {
		size *= 2
	}
	if size == len(r.values.buckets) {
		return
	}
	wider := newIndex(size)
	wider.first, wider.next = r.values.first, r.values.first
	for _, t := range r.epochs {
		wider.putAll(t.values)
	}
	wider.putAll(r.open)
	r.values = wider
}

// at gives the id that has a place.
func (r *recent) at(place uint32) batch.ValueID {
	if i := r.values.next - place; int(i) <= len(r.open) {
		return r.open[len(r.open)-int(i)]
	}
	t := r.holder(place)
	return t.values[place-t.first]
}

// holder is the ended epoch that has the value at a place.
func (r *recent) holder(place uint32) *taken {
	oldest := r.epochs[0].first
	i := sort.Search(len(r.epochs), func(i int) bool { return r.epochs[i].first-oldest > place-oldest })
	return &r.epochs[i-1]
}

// epochOf gives the epoch in which a value of the log entered it.
func (r *recent) epochOf(id batch.ValueID) (epoch uint64, logged bool) {
	place, logged := r.values.find(r.values.hash(id), func(place uint32) bool { return r.at(place) == id })
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
