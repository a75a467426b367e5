package ledger

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"abad/acs"
	"abad/bft"
	"abad/rbc"
)

// One value on an idle cluster: one epoch, then silence.
func TestOneBatchOneEpoch(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7} {
		w := newWorld(t, n, 1)
		if w.Run() != 0 || w.Sent != 0 {
			t.Fatalf("an idle cluster sends %d messages", w.Sent)
		}
		w.push(w.batch(0, 1, 2, 3), w.everyone()...)
		w.Run()
		if got := w.check(); len(got) != 3 || w.ledger(0).Height() != 1 {
			t.Errorf("n=%d: %d values in %d blocks, want 3 in 1", n, len(got), w.ledger(0).Height())
		}
		for id, opened := range w.opened {
			if opened != 1 {
				t.Errorf("n=%d: node %d opened %d epochs", n, id, opened)
			}
		}
	}
}

// Batches of all nodes at once go into one epoch: a pushed batch whose maker's
// header is still to come opens no second one.
func TestConcurrentBatchesShareAnEpoch(t *testing.T) {
	w := newWorld(t, 4, 1)
	for id := range bft.ID(4) {
		w.push(w.batch(id, uint64(id)), id)
	}
	for id := range bft.ID(4) {
		for d, maker := range w.makers {
			if maker != id {
				w.push(d, id)
			}
		}
	}
	w.Run()
	if got := w.check(); len(got) != 4 || w.ledger(0).Height() != 1 {
		t.Errorf("%d values in %d blocks, want 4 in 1", len(got), w.ledger(0).Height())
	}
}

// A batch whose maker died after the push is adopted; without [OrphanAge] it
// would be waited for, for ever.
func TestOrphanIsAdopted(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	w.push(w.batch(3, 7), 0, 1, 2)
	w.Run()
	if got := w.check(); len(got) != 1 {
		t.Fatalf("%d values", len(got))
	}
	if h := w.ledger(0).Height(); h > OrphanAge+1 {
		t.Errorf("adopted in block %d, want %d at most", h, OrphanAge+1)
	}
}

// A batch that reached one correct node only is pulled by the others.
func TestMissingBatchIsPulled(t *testing.T) {
	w := newWorld(t, 4, 1)
	w.push(w.batch(2, 7), 2)
	w.Run()
	if got := w.check(); len(got) != 1 {
		t.Fatalf("%d values", len(got))
	}
}

// Values and batches that are in the log already are skipped, everywhere alike.
func TestNothingTwice(t *testing.T) {
	w := newWorld(t, 4, 1)
	w.push(w.batch(0, 1, 2, 2, 3), w.everyone()...)
	w.push(w.batch(1, 3, 4), w.everyone()...)
	w.Run()
	w.push(w.batch(2, 4, 5), w.everyone()...)
	w.push(w.batch(0, 1, 2, 2, 3), w.everyone()...)
	w.Run()
	if got := w.check(); len(got) != 5 {
		t.Errorf("%d values, want 5: %v", len(got), got)
	}
	for _, c := range w.blocks[0] {
		again, err := DecodeBlock(c.Block.Encode())
		if err != nil || again.Hash() != c.Block.Hash() {
			t.Errorf("block %d does not survive its encoding: %v", c.Block.Header.Epoch, err)
		}
		kept := 0
		for _, b := range c.Block.Batches {
			kept += b.Kept()
		}
		if kept != len(c.Values) {
			t.Errorf("block %d keeps %d values and names %d", c.Block.Header.Epoch, kept, len(c.Values))
		}
	}
}

// f nodes are down: after K epochs their slots are benched, and the epoch costs
// four message delays like one slot that is in.
func TestCrashedNodesAreBenched(t *testing.T) {
	w := newWorld(t, 7, 1, 5, 6)
	for i := range DefaultEpochs + 2 {
		w.push(w.batch(0, uint64(i)), w.everyone()[:5]...)
		w.Run()
	}
	w.check()
	m := w.ledger(0)
	want := bft.IDSet{}
	want.Add(5)
	want.Add(6)
	if got := m.bench.of(m.Height() + 1); got != want {
		t.Errorf("bench %v, want nodes 5 and 6", slices.Collect(got.All()))
	}
	if got := m.bench.of(1); got != (bft.IDSet{}) {
		t.Error("the first epochs have a bench")
	}
}

// The longest run of absences comes first, ties by index, f at most, K epochs
// later.
func TestBenchIsAFunctionOfTheLog(t *testing.T) {
	q, _ := bft.NewQuorum(7)
	b := newBench(q, 4)
	b.block(1, []bft.ID{0, 1, 2, 3, 4})    // 5, 6 out
	b.block(2, []bft.ID{0, 1, 2, 3, 6})    // 4, 5 out
	b.block(3, []bft.ID{0, 3, 6})          // 1, 2, 4, 5 out
	b.block(4, []bft.ID{0, 1, 2, 3, 5, 6}) // 4 out
	for epoch, want := range map[uint64]string{5: "[5 6]", 6: "[4 5]", 7: "[4 5]", 8: "[4]", 9: "[]"} {
		if got := fmt.Sprint(slices.Collect(b.of(epoch).All())); got != want {
			t.Errorf("bench of %d: %s, want %s", epoch, got, want)
		}
	}
}

// A single faulty proposer cannot make correct nodes open empty epochs.
func TestNobodyAloneDrivesEmptyEpochs(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	for e := range uint64(DefaultEpochs) {
		for to := range bft.ID(3) {
			w.Send(3, to, 0, Msg{Epoch: e + 1, ACS: acs.Msg{Slot: 3, RBC: rbc.Msg{Kind: rbc.Val, Payload: Header{Time: 5}.Encode()}}})
		}
	}
	w.Run()
	for id := range 3 {
		if w.opened[id] != 0 {
			t.Errorf("node %d opened %d epochs for nothing", id, w.opened[id])
		}
	}
	w.push(w.batch(1, 7), 0, 1, 2)
	w.Run()
	if got := w.check(); len(got) != 1 {
		t.Errorf("%d values after the lure", len(got))
	}
}

// After an epoch the next one waits for Rested, or for a peer that has opened it. A
// peer alone gives no reason to open one, only the time.
func TestEpochsRest(t *testing.T) {
	val := func(epoch uint64) Msg {
		return Msg{Epoch: epoch, ACS: acs.Msg{Slot: 3, RBC: rbc.Msg{Kind: rbc.Val, Payload: Header{Time: 5}.Encode()}}}
	}
	for name, wake := range map[string]func(m *Machine, epoch uint64){
		"rested": func(m *Machine, _ uint64) { m.Input(Rested{}) },
		"a peer": func(m *Machine, epoch uint64) { m.Handle(3, val(epoch)) },
	} {
		w := newWorld(t, 4, 1)
		m := New(w.config(0))
		hold := func(value uint64) {
			d := w.batch(0, value)
			m.Input(Hold{Digest: d, Values: w.batches[d]})
		}
		open := func(want int, why string) {
			t.Helper()
			if got := m.Open(); len(got) != want {
				t.Errorf("%s: epochs %v are open: %s", name, got, why)
			}
		}
		m.Input(Resume{})
		wake(m, 1)
		open(0, "there is nothing to agree on")
		hold(1)
		open(1, "the first batch is due at once")
		hold(2)
		open(1, "the second one has to wait")
		wake(m, 2)
		open(2, "the wait is over")
		hold(3)
		open(2, "the third one has to wait")
	}
}

// Random order, duplicates, silent nodes, batches that reach some only, more work
// while epochs are under way: one log, nothing lost, nothing twice.
func TestRandomRuns(t *testing.T) {
	heights := 0
	for seed := range uint64(150) {
		n := []int{1, 2, 3, 4, 4, 5, 7}[seed%7]
		var down []bft.ID
		if seed%2 == 0 && n > 3 {
			down = append(down, bft.ID(seed/2%uint64(n)))
		}
		w := newWorld(t, n, seed, down...)
		r := w.rand(seed)
		w.Twice = r.IntN(2) == 0
		value, want := uint64(0), 0
		for range 6 {
			for range 1 + r.IntN(4) {
				maker := bft.ID(r.IntN(n))
				if w.Nodes[maker] == nil {
					continue
				}
				d := w.batch(maker, value, value+1)
				value, want = value+2, want+2
				w.hold(maker, 0, d)
				for _, to := range w.everyone() {
					if r.IntN(3) > 0 {
						w.hold(to, 0, d)
					}
				}
			}
			if r.IntN(2) == 0 {
				w.Run()
			}
		}
		w.Run()
		if got := w.check(); len(got) != want {
			t.Fatalf("seed %d: n=%d: %d values in the log, want %d", seed, n, len(got), want)
		}
		for id, node := range w.Nodes {
			if node != nil && w.ledger(bft.ID(id)).Waiting() > 0 {
				t.Fatalf("seed %d: node %d still has batches", seed, id)
			}
			if node != nil {
				heights += int(w.ledger(bft.ID(id)).Height())
			}
		}
	}
	t.Logf("%d blocks", heights)
}

// A bad certificate share is found and blamed, and delays nothing.
func TestBadCertificateShare(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	for to := range bft.ID(3) {
		w.Send(3, to, -5, Msg{Epoch: 1, Cert: Cert{Block: make([]byte, ShareSize), Beacon: make([]byte, ShareSize)}})
	}
	w.Run()
	w.push(w.batch(0, 1), 0, 1, 2)
	w.Run()
	w.check()
	blamed := 0
	for id := range 3 {
		for _, f := range w.Faults[id] {
			if f.Peer == 3 && errors.Is(f.Why, ErrBadShare) {
				blamed++
			}
		}
	}
	if blamed == 0 {
		t.Error("nobody found the bad share")
	}
}

func TestMessagesOutsideTheWindow(t *testing.T) {
	w := newWorld(t, 4, 1)
	vote := acs.Msg{Slot: 1, RBC: rbc.Msg{Kind: rbc.Echo, Hash: bft.Sum(nil)}}
	if s := w.ledger(0).Handle(2, Msg{Epoch: DefaultEpochs, ACS: vote}); len(s.Faults) > 0 {
		t.Errorf("the last epoch of the window: %v", s.Faults)
	}
	if s := w.ledger(0).Handle(2, Msg{Epoch: DefaultEpochs + 1, ACS: vote}); len(s.Faults) != 1 || !errors.Is(s.Faults[0].Why, ErrAhead) {
		t.Errorf("beyond it: %v", s.Faults)
	}
	if got := len(w.ledger(0).epochs); got != DefaultEpochs {
		t.Errorf("%d epochs kept, want %d", got, DefaultEpochs)
	}
	if s := w.ledger(0).Handle(2, Msg{ACS: vote}); len(s.Faults) != 1 || !errors.Is(s.Faults[0].Why, ErrMalformed) {
		t.Errorf("epoch 0: %v", s.Faults)
	}
}

// A block has limits; what is beyond them comes in the next one, and nodes agree
// on where it was cut.
func TestBlockLimits(t *testing.T) {
	w := newWorld(t, 1, 1)
	want := 0
	for i := range uint64(5) {
		values := make([]uint64, MaxValues/4+1)
		for k := range values {
			values[k] = i<<32 | uint64(k)
		}
		want += len(values)
		w.push(w.batch(0, values...), w.everyone()...)
	}
	w.Run()
	if got := len(w.check()); got != want {
		t.Errorf("%d values, want %d", got, want)
	}
	for _, c := range w.blocks[0] {
		if len(c.Values) > MaxValues || len(c.Block.Batches) > MaxBatches {
			t.Errorf("block %d has %d values in %d batches", c.Block.Header.Epoch, len(c.Values), len(c.Block.Batches))
		}
	}
}

// An orphan is another maker's batch that [OrphanAge] blocks have passed by: not one
// block earlier, and none of this node's own.
func TestOrphansAreCounted(t *testing.T) {
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	m := New(Config{Quorum: q})
	var s Step
	m.hold(&s, Hold{Digest: bft.Sum([]byte("own")), Maker: 0})
	m.hold(&s, Hold{Digest: bft.Sum([]byte("foreign")), Maker: 3})
	for height, want := range []int{OrphanAge - 1: 0, OrphanAge: 1} {
		m.tip.height = uint64(height)
		if got := m.Orphans(); got != want || m.Waiting() != 2 {
			t.Errorf("height %d: %d orphans of %d, want %d of 2", height, got, m.Waiting(), want)
		}
	}
}

func TestSkippedBefore(t *testing.T) {
	taken := Taken{Total: 20, Skip: []byte{0b10000001, 0xff, 0b0010}}
	for i, n := 0, 0; i < 20; i++ {
		if got := taken.SkippedBefore(i); got != n {
			t.Errorf("before value %d %d are skipped, want %d", i, got, n)
		}
		if taken.Skipped(i) {
			n++
		}
	}
	if got := (Taken{Total: 20}).SkippedBefore(19); got != 0 {
		t.Errorf("%d of none", got)
	}
}
