package ledger

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"

	"abad/batch"
)

// index finds a value's place by its id: a hash table of buckets, each a line of the
// processor's cache. Ids stand elsewhere (recent), in the order of their places; the
// table has the places, and eight bits of a keyed hash of each id. So a look for an id
// that is not there touches one line of memory and hardly ever anything else; what a
// client chooses as ids makes no difference; and it has no garbage, however many values
// come and go.
//
// Values leave in the order in which they came. So to forget some is to count on from
// where the first place is: their entries are dead, and others take their room.
type index struct {
	seed    maphash.Seed
	buckets []bucket

	first uint32 // of the places in use, which follow each other modulo 2^32
	next  uint32 // the place of the next value

	touched uint32 // see warm
}

// bucket is a ring of entries: the next one takes the room of the oldest. If that is
// alive, it goes on to the next bucket.
type bucket struct {
	tags   [inBucket]uint8 // of the hashes; 0: no entry
	oldest uint8
	places [inBucket]uint32
	passed uint32 // the newest that went on: once it is dead, all of them are
	some   bool   // any went on
}

const (
	inBucket     = 11
	smallIndex   = 1 << 7 // buckets to begin with; sizes are powers of two
	fullAtBucket = 6      // values for each bucket, in the mean, where the table is too small
)

func newIndex(buckets int) index {
	return index{seed: maphash.MakeSeed(), buckets: make([]bucket, buckets)}
}

func (x *index) hash(id batch.ValueID) uint32 {
	return uint32(maphash.Bytes(x.seed, id[:]) >> 32)
}

// tag is the part of a hash that stands in the table; its other end says where.
func tag(hash uint32) uint8 { return uint8(max(hash>>24, 1)) }

// len is how many values are in.
func (x *index) len() int { return int(x.next - x.first) }

// alive reports whether a place is in use.
func (x *index) alive(place uint32) bool { return place-x.first < x.next-x.first }

// find looks for an id whose place satisfies same, which is asked only for places in
// use whose hash has the same tag.
func (x *index) find(hash uint32, same func(place uint32) bool) (place uint32, found bool) {
	mask := uint32(len(x.buckets) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		b := &x.buckets[at]
		for l := b.like(tag(hash)); l != 0; l &= l - 1 {
			if place := b.places[l.slot()]; x.alive(place) && same(place) {
				return place, true
			}
		}
		if !b.some || !x.alive(b.passed) {
			return 0, false
		}
	}
}

// likes is a set of slots of a bucket: bit 8i for slot i, bit 8i+1 for slot 8+i.
type likes uint64

// like gives the slots that may have a tag, all that have it among them. It looks at
// eight at once: a byte of the difference is zero where subtracting one from each
// borrows (H. S. Warren, Hacker's Delight, section 6-1).
func (b *bucket) like(tag uint8) likes {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	low := binary.LittleEndian.Uint64(b.tags[:8]) ^ ones*uint64(tag)
	high := uint64(b.tags[8]) | uint64(b.tags[9])<<8 | uint64(b.tags[10])<<16 ^ 0x010101*uint64(tag)
	low = (low - ones) &^ low & tops
	high = (high - 0x010101) &^ high & 0x808080
	return likes(low>>7 | high>>6)
}

// slot is the first slot of the set.
func (l likes) slot() int {
	i := bits.TrailingZeros64(uint64(l))
	return i>>3 | i&1<<3
}

// warmAtOnce is how many buckets are touched before they are used: about what a
// processor can have under way to memory, and few enough to stay in its cache.
const warmAtOnce = 64

// warm hashes ids, and touches their buckets. A large index is not in the cache, so each
// look at it waits for memory; these wait together.
func (x *index) warm(hashes *[warmAtOnce]uint32, ids []batch.ValueID) {
	for i, id := range ids {
		hashes[i] = x.hash(id)
	}
	mask := uint32(len(x.buckets) - 1)
	var sum uint32
	for _, h := range hashes[:len(ids)] {
		sum += x.buckets[h&mask].passed
	}
	x.touched = sum // or else nothing would be read
}

// enter enters the next value, unless it is found (see find).
func (x *index) enter(hash uint32, same func(place uint32) bool) (entered bool) {
	if _, found := x.find(hash, same); found {
		return false
	}
	x.put(hash)
	return true
}

// put enters the next value.
func (x *index) put(hash uint32) {
	mask := uint32(len(x.buckets) - 1)
	tag, place := tag(hash), x.next
	x.next++
	for at := hash & mask; tag != 0; at = (at + 1) & mask {
		tag, place = x.push(&x.buckets[at], tag, place)
	}
}

// putAll enters the next values.
func (x *index) putAll(ids []batch.ValueID) {
	var hashes [warmAtOnce]uint32
	for some := range slices.Chunk(ids, warmAtOnce) {
		x.warm(&hashes, some)
		for _, h := range hashes[:len(some)] {
			x.put(h)
		}
	}
}

// push puts an entry into a bucket, and gives the one that goes on, if its tag is not 0.
func (x *index) push(b *bucket, tag uint8, place uint32) (uint8, uint32) {
	i := b.oldest % inBucket
	oldTag, old := b.tags[i], b.places[i]
	b.tags[i], b.places[i] = tag, place
	b.oldest = i + 1
	if oldTag == 0 || !x.alive(old) {
		return 0, 0
	}
	if !b.some || !x.alive(b.passed) || old-x.first > b.passed-x.first {
		b.passed, b.some = old, true
	}
	return oldTag, old
}

// forget takes out the n values that came first.
func (x *index) forget(n int) { x.first += uint32(n) }
