package ledger

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

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
		r.next = -uint32(rapid.IntRange(0, 300).Draw(t, "before"))
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
		if r.values.used != len(want) {
			t.Fatalf("%d values, want %d", r.values.used, len(want))
		}
		for n := range uint64(6000) {
			epoch, logged := r.epochOf(valueID(n))
			if in, ok := want[valueID(n)]; ok != logged || in != epoch {
				t.Fatalf("value %d: epoch %d, %v, want %d, %v", n, epoch, logged, in, ok)
			}
		}
	})
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
	if len(r.epochs) != 3 || r.values.used != 3*each || len(r.batches) != 3 {
		t.Errorf("%d epochs with %d values and %d batches", len(r.epochs), r.values.used, len(r.batches))
	}
	if got := len(r.values.slots); got != 2*MaxRecent {
		t.Errorf("the index has %d slots", got)
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
