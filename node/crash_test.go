package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abad/store"
)

// soakEnv makes the bounded tests of this room exhaustive.
const soakEnv = "ABAD_SOAK"

var soaking = os.Getenv(soakEnv) != ""

var errTorn = errors.New("the disk is gone")

// crashes lists at which write since its start a node fails, one after the
// other: each of the first few, where a start and its replay are, and in CI only
// some of those that follow.
func crashes() []int {
	var all []int
	for k := 1; k <= 60; k++ {
		if soaking || k <= 12 || k%12 == 0 {
			all = append(all, k)
		}
	}
	return all
}

// A node fails at its first write, comes back, fails at its second, and so on:
// whatever was cut off, it starts again, contradicts nothing that it said in any
// of its lives, loses no value, and has the log that all have. Each life begins
// with what the crash before it left, so two crashes meet in one epoch too.
func TestCrashAtEveryWrite(t *testing.T) {
	c := newCluster(t, 4)
	for i := range 3 {
		c.start(i)
	}
	load := c.load(0, 1)
	for _, k := range crashes() {
		if err := c.liveUntilWrite(3, k); !errors.Is(err, store.ErrFailed) || !errors.Is(err, errTorn) {
			c.tell(0, 1, 2)
			t.Fatalf("at write %d: %v, want a store that has failed", k, err)
		}
	}
	c.confs[3].hooks.disk = store.Options{}
	c.start(3)
	soon, cancel := context.WithTimeout(within(t), 30*time.Second) // while the others are as busy as before
	defer cancel()
	if _, err := c.nodes[3].Submit(soon, value(900_000)); err != nil {
		c.tell(0, 1, 2, 3)
		t.Fatal(err)
	}
	acknowledged := load.end()
	if got := c.oneLog(0, 1, 2, 3); len(got) < acknowledged+1 {
		t.Errorf("%d values in the log, %d were acknowledged", len(got), acknowledged+1)
	}
	c.noFaults(0, 1, 2, 3)
}

// liveUntilWrite runs a node, with values submitted to it, until its k-th write
// fails, and returns what it ended with.
func (c *cluster) liveUntilWrite(i, k int) error {
	left := atomic.Int64{}
	left.Store(int64(k))
	c.confs[i].hooks.disk.BeforeWrite = func() error {
		if left.Add(-1) <= 0 {
			return errTorn
		}
		return nil
	}
	n, err := New(c.confs[i])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(within(c.t))
	defer cancel()
	var client sync.WaitGroup
	client.Go(func() {
		for v := 0; ctx.Err() == nil; v++ {
			n.Submit(ctx, value(500_000+1000*k+v)) // it may fail: the node is about to
		}
	})
	c.nodes[i] = n
	err = n.Run(ctx)
	cancel()
	client.Wait()
	return err
}

// load is values that come in steadily at some nodes until end.
type load struct {
	stop  func()
	done  sync.WaitGroup
	count atomic.Int64
}

func (c *cluster) load(nodes ...int) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{stop: cancel}
	for w, i := range nodes {
		l.done.Go(func() {
			for v := 0; ctx.Err() == nil; v++ {
				ticket, err := c.nodes[i].Enqueue(time.Now(), value(100_000*w+v))
				if err == nil {
					_, err = ticket.Wait(within(c.t), 0)
				}
				if err != nil {
					c.t.Errorf("node %d: value %d: %v", i, v, err)
					return
				}
				l.count.Add(1)
			}
		})
	}
	c.t.Cleanup(func() { cancel(); l.done.Wait() })
	return l
}

// end stops the load and gives the number of values that are in the log by it.
func (l *load) end() int {
	l.stop()
	l.done.Wait()
	return int(l.count.Load())
}

// oneLog checks that these nodes have one log with no value twice, and gives it.
func (c *cluster) oneLog(nodes ...int) []string {
	c.t.Helper()
	height := uint64(0)
	for _, i := range nodes {
		height = max(height, c.nodes[i].Height())
	}
	var first []string
	for _, i := range nodes {
		if err := c.nodes[i].WaitHeight(within(c.t), height); err != nil {
			c.t.Fatalf("node %d is at %d of %d: %v", i, c.nodes[i].Height(), height, err)
		}
		log := c.log(i, height)
		if first == nil {
			first = log
		}
		if !slices.Equal(first, log) {
			c.t.Fatalf("up to block %d node %d has another log than node %d", height, i, nodes[0])
		}
	}
	seen := map[string]bool{}
	for _, line := range first {
		_, value, _ := strings.Cut(line, " ")
		if seen[value] {
			c.t.Errorf("twice: %s", line)
		}
		seen[value] = true
	}
	return first
}

// noFaults checks that these nodes have never seen a message of each other that
// no correct node sends.
func (c *cluster) noFaults(nodes ...int) {
	c.t.Helper()
	for _, i := range nodes {
		s, err := c.nodes[i].Status(within(c.t))
		if err != nil {
			c.t.Fatal(fmt.Errorf("node %d: %w", i, err))
		}
		for _, p := range s.Peers {
			if p.Faults > 0 {
				c.t.Errorf("node %d finds %d faults in node %d", i, p.Faults, p.Node)
			}
		}
	}
}

// tell logs how the nodes are, for a test that has failed.
func (c *cluster) tell(nodes ...int) {
	for _, i := range nodes {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s, err := c.nodes[i].Status(ctx)
		c.t.Logf("node %d: %+v, %v; stored %d", i, s, err, c.nodes[i].driver.archive.stored.Load())
		for _, e := range s.Open {
			slots := make(chan string, 1)
			select {
			case c.nodes[i].driver.inspect <- func() { slots <- fmt.Sprintf("%+v", c.nodes[i].driver.ledger.Slots(e.Epoch)) }:
				c.t.Logf("node %d, epoch %d: %s", i, e.Epoch, <-slots)
			case <-ctx.Done():
			}
		}
		cancel()
	}
}
