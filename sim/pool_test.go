package sim

import (
	"testing"

	"abad/bft"
)

func mustQuorum(t *testing.T, n int) bft.Quorum {
	t.Helper()
	q, err := bft.NewQuorum(n)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Lanes come one after the other, but for leaks; within a lane the order is of
// arrival or random; nothing is lost.
func TestPool(t *testing.T) {
	for _, fifo := range []bool{true, false} {
		for _, leak := range []int{0, 4} {
			d, p := newDice(1), pool{fifo: fifo, leak: leak}
			for i := range int32(300) {
				p.add(uint8(i%lanes), event{ref: i})
			}
			seen := map[int32]bool{}
			last, early, disorder := int32(-1), 0, 0
			for {
				e, ok := p.take(d)
				if !ok {
					break
				}
				if seen[e.ref] {
					t.Fatalf("event %d twice", e.ref)
				}
				seen[e.ref] = true
				if e.ref%lanes != 0 && len(p.lanes[0]) > p.head[0] {
					early++
				} else if e.ref%lanes == 0 {
					if e.ref < last {
						disorder++
					}
					last = e.ref
				}
			}
			if len(seen) != 300 || p.size != 0 {
				t.Errorf("%d of 300 events, size %d", len(seen), p.size)
			}
			if (early > 0) != (leak > 0) || (disorder == 0) != fifo {
				t.Errorf("fifo %v, leak %d: %d came before their lane, %d out of order", fifo, leak, early, disorder)
			}
		}
	}
}

// What is sorted again keeps its order within a lane.
func TestPoolSort(t *testing.T) {
	p := pool{fifo: true}
	for i := range int32(10) {
		p.add(0, event{ref: i})
	}
	p.sort(func(e *event) uint8 { return uint8(e.ref % 2) })
	want := []int32{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}
	for _, ref := range want {
		if e, _ := p.take(newDice(1)); e.ref != ref {
			t.Fatalf("event %d, want %d", e.ref, ref)
		}
	}
}

// Whatever the number of seeds at a time, the lowest failing one is reported.
func TestManyFindsTheLowest(t *testing.T) {
	o := Defaults(500)
	o.Nodes, o.Faulty, o.Coin, o.Adversary, o.Byzantine = 4, 1, LocalCoin, split, []string{twoFaced}
	var want uint64
	for _, jobs := range []int{1, 4} {
		count := 0
		total, err := Many(t.Context(), o, 3000, jobs, func() { count++ })
		if err != nil || total.Failed == nil {
			t.Fatalf("%d seeds, none fails: %v", total.Seeds, err)
		}
		if uint64(count) != total.Seeds {
			t.Errorf("%d seeds done, %d counted", count, total.Seeds)
		}
		if want == 0 {
			want = total.Failed.Options.Seed
		}
		if total.Failed.Options.Seed != want {
			t.Errorf("%d at a time: seed %d, want %d", jobs, total.Failed.Options.Seed, want)
		}
	}
}
