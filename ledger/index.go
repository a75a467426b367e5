package ledger

import (
	"hash/maphash"

	"abad/batch"
)

// index finds a value's place by its id: a hash table of buckets, each a line of the
// processor's cache. Ids stand elsewhere (recent), in the order of their places; the
// table has 31 bits of a keyed hash of each, and the place. So a look for an id that
// is not there touches one line of memory, and nothing else; what a client chooses as
// ids makes no difference; and it has no garbage, however many values come and go.
//
// Values leave in the order in which they came. So to forget some is to count on from
// where the first place is: their entries are dead, and others take their room.
type index struct {
	seed    maphash.Seed
	buckets []bucket

	first uint32 // of the places in use, which follow each other modulo 2^32
	next  uint32 // the place of the next value

	touched uint64 // see warm
}

// bucket has entries, and last of all the newest of those that found no room in it
// and went on to the next one. Once that is dead, all of them are.
type bucket [inBucket + 1]entry

const (
	inBucket     = 7
	smallIndex   = 1 << 7 // buckets to begin with; sizes are powers of two
	fullAtBucket = 6      // values for each bucket, in the mean, where the table is doubled
)

// entry is a hash, which is never 0, and a place; 0: none.
type entry uint64

func (e entry) hash() uint32  { return uint32(e >> 32) }
func (e entry) place() uint32 { return uint32(e) }

func newIndex() index {
	return index{seed: maphash.MakeSeed(), buckets: make([]bucket, smallIndex)}
}

func (x *index) hash(id batch.ValueID) uint32 {
	return uint32(maphash.Bytes(x.seed, id[:])>>32) | 1<<31
}

// len is how many values are in.
func (x *index) len() int { return int(x.next - x.first) }

// alive reports whether an entry's place is in use.
func (x *index) alive(e entry) bool { return e != 0 && e.place()-x.first < x.next-x.first }

// find looks for an id whose place satisfies same, which is asked only for places of
// the same hash.
func (x *index) find(hash uint32, same func(place uint32) bool) (place uint32, found bool) {
	mask := uint32(len(x.buckets) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		b := &x.buckets[at]
		for _, e := range b[:inBucket] {
			if e.hash() == hash && x.alive(e) && same(e.place()) {
				return e.place(), true
			}
		}
		if !x.alive(b[inBucket]) {
			return 0, false
		}
	}
}

// warmAtOnce is how many buckets are touched before they are used: about what a
// processor can have under way to memory, and few enough to stay in its cache.
const warmAtOnce = 64

// warm touches the buckets of so many hashes. A large index is not in the cache, so
// each look at it waits for memory; these wait together.
func (x *index) warm(hashes []uint32) {
	mask := uint32(len(x.buckets) - 1)
	var sum uint64
	for _, h := range hashes {
		sum += uint64(x.buckets[h&mask][0])
	}
	x.touched = sum // or else nothing would be read
}

// put enters the next value.
func (x *index) put(hash uint32) {
	if x.len() == fullAtBucket*len(x.buckets) {
		x.grow()
	}
	e := entry(hash)<<32 | entry(x.next)
	x.next++
	x.insert(e)
}

func (x *index) insert(e entry) {
	mask := uint32(len(x.buckets) - 1)
	for at := e.hash() & mask; ; at = (at + 1) & mask {
		b := &x.buckets[at]
		for i, old := range b[:inBucket] {
			if !x.alive(old) {
				b[i] = e
				return
			}
		}
		if last := b[inBucket]; !x.alive(last) || e.place()-x.first > last.place()-x.first {
			b[inBucket] = e
		}
	}
}

// forget takes out the n values that came first.
func (x *index) forget(n int) { x.first += uint32(n) }

func (x *index) grow() {
	old := x.buckets
	x.buckets = make([]bucket, 2*len(old))
	for i := range old {
		for _, e := range old[i][:inBucket] {
			if x.alive(e) {
				x.insert(e)
			}
		}
	}
}
