package ledger

import (
	"hash/maphash"

	"abad/batch"
)

// index finds a value's place by its id: an open-addressing hash table of eight bytes
// for each value. Ids stand elsewhere (recent), in the order of their places; the
// table has 31 bits of a keyed hash of each, and the place. So a look for an id that
// is not there touches one line of memory, and nothing else; what a client chooses as
// ids makes no difference; and it has no garbage, however many values come and go.
type index struct {
	seed  maphash.Seed
	slots []uint64 // hash, with the highest bit set, and place; 0: free
	used  int

	touched uint64 // see warm
}

// smallIndex is the size of an index to begin with; sizes are powers of two.
const smallIndex = 1 << 10

func newIndex() index { return index{seed: maphash.MakeSeed(), slots: make([]uint64, smallIndex)} }

// hash is never 0, so that no slot in use is.
func (x *index) hash(id batch.ValueID) uint32 {
	return uint32(maphash.Bytes(x.seed, id[:])>>32) | 1<<31
}

// find looks for an id whose place satisfies same, which is asked only for places of
// the same hash. It gives the slot where it is, or where it may be put.
func (x *index) find(hash uint32, same func(place uint32) bool) (slot uint32, place uint32, found bool) {
	mask := uint32(len(x.slots) - 1)
	for slot = hash & mask; x.slots[slot] != 0; slot = (slot + 1) & mask {
		if s := x.slots[slot]; uint32(s>>32) == hash && same(uint32(s)) {
			return slot, uint32(s), true
		}
	}
	return slot, 0, false
}

// warmAtOnce is how many slots are touched before they are used: about what a
// processor can have under way to memory, and few enough to stay in its cache.
const warmAtOnce = 64

// warm touches the slots of so many hashes. A large index is not in the cache, so
// each look at it waits for memory; these wait together.
func (x *index) warm(hashes []uint32) {
	mask := uint32(len(x.slots) - 1)
	var sum uint64
	for _, h := range hashes {
		sum += x.slots[h&mask]
	}
	x.touched = sum // or else nothing would be read
}

// put enters a place at the free slot that find gave.
func (x *index) put(slot, hash, place uint32) {
	x.slots[slot] = uint64(hash)<<32 | uint64(place)
	if x.used++; 4*x.used > 3*len(x.slots) {
		x.grow()
	}
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]uint64, 2*len(old))
	mask := uint32(len(x.slots) - 1)
	for _, s := range old {
		if s == 0 {
			continue
		}
		slot := uint32(s>>32) & mask
		for x.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		x.slots[slot] = s
	}
}

// remove takes a place out, and moves what stands behind it to where it is found
// without it (Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
func (x *index) remove(hash, place uint32) {
	mask := uint32(len(x.slots) - 1)
	want := uint64(hash)<<32 | uint64(place)
	gap := hash & mask
	for x.slots[gap] != want {
		if x.slots[gap] == 0 {
			panic("ledger: internal error: a value to forget is not in the index")
		}
		gap = (gap + 1) & mask
	}
	for slot := (gap + 1) & mask; x.slots[slot] != 0; slot = (slot + 1) & mask {
		home := uint32(x.slots[slot]>>32) & mask
		if (slot-home)&mask >= (slot-gap)&mask {
			x.slots[gap] = x.slots[slot]
			gap = slot
		}
	}
	x.slots[gap] = 0
	x.used--
}
