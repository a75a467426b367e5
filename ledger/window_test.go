package ledger

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"abad/batch"
	"abad/bft"
)

func valueID(n uint64) (id batch.ValueID) {
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

// The index against Go's map, over values that come, come again and fall out, with
// places that begin just before they wrap.
func TestRecentIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRecent()
		r.values.next = -uint32(rapid.IntRange(0, 300).Draw(t, "before"))
		r.values.first = r.values.next
		want := map[batch.ValueID]uint64{}
		var order [][]batch.ValueID
		dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for epoch := uint64(1); epoch <= Window+40; epoch++ {
			var entered []batch.ValueID
			ids := make([]batch.ValueID, dice.IntN(9))
			if epoch%100 == 0 {
				ids = make([]batch.ValueID, 3*warmAtOnce-1) // and some twice
			}
			var repeats, wantRepeats []int
			for i := range ids {
				ids[i] = valueID(dice.Uint64N(6000))
				if _, logged := want[ids[i]]; logged {
					wantRepeats = append(wantRepeats, i)
					continue
				}
				want[ids[i]] = epoch
				entered = append(entered, ids[i])
			}
			r.enter(ids, func(i int) { repeats = append(repeats, i) })
			if !slices.Equal(repeats, wantRepeats) {
				t.Fatalf("epoch %d: repeats %v, want %v", epoch, repeats, wantRepeats)
			}
			r.end(epoch, nil)
			if order = append(order, entered); len(order) > Window {
				for _, id := range order[0] {
					delete(want, id)
				}
				order = order[1:]
			}
		}
		if r.values.len() != len(want) {
			t.Fatalf("%d values, want %d", r.values.len(), len(want))
		}
		for n := range uint64(6000) {
			epoch, logged := r.epochOf(valueID(n))
			if in, ok := want[valueID(n)]; ok != logged || in != epoch {
				t.Fatalf("value %d: epoch %d, %v, want %d, %v", n, epoch, logged, in, ok)
			}
		}
	})
}

// another is said of places that are not the one that is looked for.
func another(uint32) bool { return false }

// The index against a queue, with hashes that crowd into a few neighbouring buckets,
// at the end of the table too, and often are the same.
func TestIndexIsAQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex(smallIndex)
		x.next = -uint32(rapid.IntRange(0, 300).Draw(t, "before"))
		x.first = x.next
		var queue []uint32 // hashes
		steps := rapid.SliceOfN(rapid.IntRange(-40, 60), 1, 60).Draw(t, "steps")
		dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for _, n := range steps {
			for range min(n, fullAtBucket*smallIndex-x.len()) {
				home := (smallIndex - 3 + dice.Uint32N(5)) % smallIndex
				hash := home | dice.Uint32N(4)<<24
				x.enter(hash, another)
				queue = append(queue, hash)
			}
			if gone := min(-n, len(queue)); gone > 0 {
				x.forget(gone)
				queue = queue[gone:]
			}
			if x.len() != len(queue) {
				t.Fatalf("%d values, want %d", x.len(), len(queue))
			}
			for i, hash := range queue {
				want := x.first + uint32(i)
				if _, found := x.find(hash, func(place uint32) bool { return place == want }); !found {
					t.Fatalf("value %d of %d is not found", i, len(queue))
				}
			}
			for _, hash := range queue {
				x.find(hash, func(place uint32) bool {
					if !x.alive(place) {
						t.Fatalf("place %d is asked for: %d to %d are in", place, x.first, x.next)
					}
					return false
				})
			}
		}
	})
}

// Every slot is found by its tag, also where its neighbours have tags that are near.
func TestBucketFindsItsTags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bucket
		for i := range b.tags {
			b.tags[i] = rapid.SampledFrom([]uint8{0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff}).Draw(t, "tag")
		}
		for _, tag := range []uint8{1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff} {
			var found [inBucket]bool
			for l := b.like(tag); l != 0; l &= l - 1 {
				found[l.slot()] = true
			}
			for i, has := range b.tags {
				if has == tag && !found[i] {
					t.Fatalf("slot %d of %x is not found by %x", i, b.tags, tag)
				}
			}
		}
	})
}

// A bucket that many pass remembers the newest of them, not the last that went.
func TestBucketRemembersTheNewest(t *testing.T) {
	x := newIndex(smallIndex)
	for range 3 * inBucket { // the first ones go on twice
		x.put(0)
	}
	x.forget(2*inBucket - 1)
	for want := x.first; want != x.next; want++ {
		if _, found := x.find(0, func(place uint32) bool { return place == want }); !found {
			t.Fatalf("place %d is not found", want)
		}
	}
	if b := x.buckets[0]; b.passed != 2*inBucket-1 {
		t.Errorf("the newest that went on is %d", b.passed)
	}
}

// A bucket is a line of the processor's cache, and most are large enough.
func TestBucketIsALine(t *testing.T) {
	if size := unsafe.Sizeof(bucket{}); size != 64 {
		t.Errorf("%d bytes", size)
	}
	x := newIndex(smallIndex)
	dice := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		x.put(dice.Uint32())
		if x.len() > 4*smallIndex {
			x.forget(1)
		}
	}
	passed := 0
	for _, b := range x.buckets {
		if b.some && x.alive(b.passed) {
			passed++
		}
	}
	if passed > smallIndex/16 {
		t.Errorf("%d of %d buckets were too small", passed, smallIndex)
	}
}

// More than MaxRecent values push the oldest epochs out, but never the last one.
func TestRecentIsBounded(t *testing.T) {
	r := newRecent()
	const each = MaxRecent / 3
	n := uint64(0)
	for epoch := uint64(1); epoch <= 5; epoch++ {
		ids := make([]batch.ValueID, each)
		for i := range ids {
			ids[i] = valueID(n)
			n++
		}
		r.enter(ids, func(i int) { t.Fatalf("value %d is not fresh", i) })
		r.end(epoch, []bft.Hash{{byte(epoch)}})
	}
	if len(r.epochs) != 3 || r.values.len() != 3*each || len(r.batches) != 3 {
		t.Errorf("%d epochs with %d values and %d batches", len(r.epochs), r.values.len(), len(r.batches))
	}
	if got := len(r.values.buckets); got != MaxRecent/4 {
		t.Errorf("the index has %d buckets", got)
	}
	for i, want := range map[uint64]bool{0: false, 2*each - 1: false, 2 * each: true, n - 1: true, n: false} {
		if _, logged := r.epochOf(valueID(i)); logged != want {
			t.Errorf("value %d is in the log: %v", i, logged)
		}
	}
}

// BenchmarkRecent is what a value costs once the log remembers as many as it may.
func BenchmarkRecent(b *testing.B) {
	r := newRecent()
	ids := make([]batch.ValueID, 1000) // a quarter of a full batch
	n, epoch := uint64(0), uint64(0)
	add := func() {
		for i := range ids {
			ids[i] = valueID(n * 0x9e3779b97f4a7c15)
			n++
		}
		r.enter(ids, func(int) {})
		if n%3000 == 0 {
			epoch++
			r.end(epoch, nil)
		}
	}
	for n < 2*MaxRecent {
		add()
	}
	b.ReportAllocs()
	begin := n
	for b.Loop() {
		add()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n-begin), "ns/value")
}
