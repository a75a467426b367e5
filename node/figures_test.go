package node

import (
	"errors"
	"sync"
	"testing"
	"time"

	"abad/batch"
)

// recorder is an observer that remembers.
type recorder struct {
	mu     sync.Mutex
	values []float64
}

func (r *recorder) Observe(v float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values = append(r.values, v)
}

func (r *recorder) seen() []float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]float64(nil), r.values...)
}

// What a node measures is what happened to it: values, blocks, slots, syncs.
func TestFigures(t *testing.T) {
	const count = 12
	c := newCluster(t, 4)
	var commit, rounds, journal, sync recorder
	c.confs[0].Meters = Meters{Commit: &commit, Rounds: &rounds, Journal: &journal, Sync: &sync}
	c.startAll()
	before := time.Now()
	for i := range count {
		if _, err := c.nodes[0].Submit(within(t), value(i)); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(before).Seconds()
	// The same value again gets the first one's receipt, and is no second commit.
	if _, err := c.nodes[0].Submit(within(t), value(0)); err != nil {
		t.Fatal(err)
	}
	// What is counted before it is observed is read after it: the node goes on.
	eventually(t, "bytes on their way to node 1", func() bool {
		f, err := c.nodes[0].Figures()
		return err == nil && f.Net.Peers[1].Wire.BytesOut > 0
	})
	slots, synced := len(rounds.seen()), len(sync.seen())
	f, err := c.nodes[0].Figures()
	if err != nil {
		t.Fatal(err)
	}
	if f.Nodes != 4 || f.Needed != 3 || f.Values != count || f.Blocks < count || f.Height < f.Blocks {
		t.Errorf("%+v", f)
	}
	if f.Submissions[OutcomeAccepted] != count+1 || f.Own.Values != 0 || f.Own.Bytes != 0 || !f.Own.Oldest.IsZero() {
		t.Errorf("%v %+v", f.Submissions, f.Own)
	}
	if f.Bytes < count*uint64(batch.Overhead) {
		t.Errorf("%d bytes committed", f.Bytes)
	}
	for i, s := range f.Slots {
		if s.Accepted+s.Rejected != f.Blocks {
			t.Errorf("proposer %d: %+v of %d blocks", i, s, f.Blocks)
		}
	}
	if f.BlockTime.IsZero() || f.Committed.Before(f.BlockTime.Add(-time.Minute)) || f.Started.After(f.Committed) {
		t.Errorf("block of %s, committed %s, started %s", f.BlockTime, f.Committed, f.Started)
	}
	latencies := commit.seen()
	if len(latencies) != count {
		t.Fatalf("%d commits were measured, want %d", len(latencies), count)
	}
	sum := 0.0
	for _, l := range latencies {
		sum += l
	}
	if sum <= 0 || sum > took {
		t.Errorf("one after the other they took %v s, and %v s in sum", took, sum)
	}
	if slots == 0 || uint64(slots) > 4*f.Blocks {
		t.Errorf("rounds of %d slots in %d blocks", slots, f.Blocks)
	}
	if len(journal.seen()) == 0 || synced == 0 || uint64(synced) > f.Synced {
		t.Errorf("%d appends, %d syncs, %d transactions", len(journal.seen()), synced, f.Synced)
	}
	if f.Disk.Total() == 0 {
		t.Errorf("%+v", f.Disk)
	}
}

// Every submission is counted under what became of it, and what waits is told with
// its age, also while no block can come.
func TestOutcomes(t *testing.T) {
	c := newCluster(t, 4)
	c.confs[0].Limits.MaxValue = 1 << 20
	c.start(0) // alone: nothing is decided
	n := c.nodes[0]
	before := time.Now()
	if _, err := n.Enqueue(time.Now(), value(0)); err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	if _, err := n.Enqueue(time.Now(), batch.Value{}); !errors.Is(err, ErrEmpty) {
		t.Fatal(err)
	}
	if _, err := n.Enqueue(time.Now(), batch.Value{Payload: make([]byte, 1<<20+1)}); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	big, accepted := value(1), uint64(1)
	big.Payload = make([]byte, 1<<20)
	for {
		if _, err := n.Enqueue(time.Now(), big); errors.Is(err, ErrBusy) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		accepted++
	}
	f, err := n.Figures()
	if err != nil {
		t.Fatal(err)
	}
	want := map[Outcome]uint64{OutcomeAccepted: accepted, OutcomeBusy: 1, OutcomeEmpty: 1, OutcomeTooLarge: 1, OutcomeStopped: 0}
	for outcome, count := range want {
		if f.Submissions[outcome] != count {
			t.Errorf("%s: %d, want %d", outcome, f.Submissions[outcome], count)
		}
	}
	if len(f.Submissions) != len(want) || accepted < 2 {
		t.Errorf("%v", f.Submissions)
	}
	if f.Own.Values != int(accepted) || f.Own.Bytes > f.MaxQueue || f.Own.Bytes < f.MaxQueue-(2<<20) {
		t.Errorf("%+v of %d", f.Own, f.MaxQueue)
	}
	if f.Own.Oldest.Before(before) || f.Own.Oldest.After(after) {
		t.Errorf("the oldest is of %s, and was submitted between %s and %s", f.Own.Oldest, before, after)
	}
	c.kill(0)
	if _, err := n.Enqueue(time.Now(), value(2)); !errors.Is(err, ErrStopped) || n.batcher.outcomes()[OutcomeStopped] != 1 {
		t.Errorf("%v %v", err, n.batcher.outcomes())
	}
}
