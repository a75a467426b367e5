package node

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"abad/batch"
)

// With one of four killed half-way, the others go on, and when it comes back it
// catches up and takes part.
func TestOneOfFourKilledHalfWay(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 1000, 0, 1, 2, 3)
	c.kill(3)
	c.submitAll(1000, 2000, 0, 1, 2)
	c.sameLogs(2000, 0, 1, 2)
	c.start(3)
	if _, err := c.nodes[3].Submit(within(t), value(2000)); err != nil {
		t.Fatal(err)
	}
	c.sameLogs(2001, 0, 1, 2, 3)
}

// All nodes go down at any moment, again and again: every value that was
// acknowledged is in the log once, and nobody finds a contradiction.
func TestAllRestartAgainAndAgain(t *testing.T) {
	c := newCluster(t, 4)
	r := rand.New(rand.NewPCG(1, 2))
	acknowledged := 0
	for round := range 6 {
		c.startAll()
		ctx, cancel := context.WithCancel(within(t))
		done := make(chan int, 4)
		for node := range 4 {
			go func() {
				n := 0
				for i := 0; ; i++ {
					id := (round*4+node)*10_000 + i
					if _, err := c.nodes[node].Submit(ctx, value(id)); err != nil {
						break
					}
					n++
				}
				done <- n
			}()
		}
		if err := c.nodes[r.IntN(4)].WaitHeight(within(t), c.nodes[0].Height()+uint64(3+r.IntN(10))); err != nil {
			t.Fatal(err)
		}
		for _, i := range r.Perm(4) {
			c.kill(i)
		}
		cancel()
		for range 4 {
			acknowledged += <-done
		}
	}
	c.startAll()
	if _, err := c.nodes[0].Submit(within(t), value(999_999)); err != nil {
		t.Fatal(err)
	}
	height := c.nodes[0].Height()
	logs := map[string]bool{}
	for i := range 4 {
		if err := c.nodes[i].WaitHeight(within(t), height); err != nil {
			t.Fatal(err)
		}
		logs[strings.Join(c.log(i, height), "\n")] = true
		status, err := c.nodes[i].Status(within(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range status.Peers {
			if p.Faults > 0 {
				t.Errorf("node %d finds %d faults in node %d", i, p.Faults, p.Node)
			}
		}
	}
	if len(logs) != 1 {
		t.Errorf("%d different logs", len(logs))
	}
	seen := map[string]int{}
	for _, line := range c.log(0, height) {
		_, id, _ := strings.Cut(line, " ")
		seen[id]++
		if seen[id] > 1 {
			t.Errorf("twice: %s", line)
		}
	}
	if len(seen) < acknowledged+1 {
		t.Errorf("%d values in the log, %d were acknowledged", len(seen), acknowledged+1)
	}
	t.Logf("%d values acknowledged over 6 restarts of all, %d blocks", acknowledged, height)
}

// An idle cluster makes no blocks, keeps no epoch open and sends no votes. A node whose
// slots were left out may have opened an epoch for a batch that a peer's proposal took
// meanwhile: f nodes alone get nobody to follow, so that one ends with the next value.
func TestIdle(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 10, 0, 1, 2, 3)
	c.sameLogs(10, 0, 1, 2, 3)
	var busy []string
	for more := range 5 {
		if busy = c.busy(); len(busy) == 0 {
			return
		}
		c.submitAll(10+more, 11+more, 0)
		c.sameLogs(11+more, 0, 1, 2, 3)
	}
	t.Errorf("the cluster does not become idle:\n%s", strings.Join(busy, "\n"))
}

// busy waits for the certificates of all blocks, then says what the nodes still have to do.
func (c *cluster) busy() (list []string) {
	c.t.Helper()
	ctx := within(c.t)
	for _, n := range c.nodes {
		if err := n.driver.waitFor(ctx, func() bool { return n.driver.archive.stored.Load() >= c.nodes[0].Height() }); err != nil {
			c.t.Fatal(err)
		}
	}
	for i, n := range c.nodes {
		s, err := n.Status(ctx)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(s.Open) > 0 || s.Waiting > 0 || s.Queued > 0 {
			list = append(list, fmt.Sprintf("node %d is not idle: %+v", i, s))
		}
		if held := n.transport.Held(); held.Messages > 0 {
			list = append(list, fmt.Sprintf("node %d keeps %d messages", i, held.Messages))
		}
		if epochs := n.store.Epochs(); len(epochs) > 0 {
			list = append(list, fmt.Sprintf("node %d keeps journals of epochs %v", i, epochs))
		}
	}
	return list
}

func TestSubmitErrors(t *testing.T) {
	c := newCluster(t, 1)
	c.confs[0].Limits.MaxValue = 100
	c.startAll()
	n := c.nodes[0]
	ctx := within(t)
	if _, err := n.Submit(ctx, batch.Value{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	if _, err := n.Submit(ctx, batch.Value{Payload: make([]byte, 101)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("101 of 100 bytes: %v", err)
	}
	if _, err := n.Submit(ctx, batch.Value{Payload: make([]byte, 100)}); err != nil {
		t.Errorf("100 of 100 bytes: %v", err)
	}
	first, err := n.Submit(ctx, value(1))
	if err != nil {
		t.Fatal(err)
	}
	again, err := n.Submit(ctx, value(1))
	again.Took = first.Took
	if err != nil || again != first {
		t.Errorf("a retry: %+v, %v, want %+v", again, err, first)
	}
	other := value(1)
	other.Payload = []byte("something else")
	if _, err := n.Submit(ctx, other); !errors.Is(err, ErrTaken) {
		t.Errorf("another value under the same id: %v", err)
	}
	if _, err := n.Block(n.Height() + 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("a block to come: %v", err)
	}
	c.kill(0)
	if _, err := n.Submit(ctx, value(2)); !errors.Is(err, ErrStopped) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := n.Status(ctx); !errors.Is(err, ErrStopped) {
		t.Errorf("status after the end: %v", err)
	}
}

// Without a quorum nothing is decided; what clients gave is held up to the limit,
// beyond which they are told to wait, and all of it is decided in the end.
func TestBusyWithoutQuorum(t *testing.T) {
	c := newCluster(t, 4)
	for i := range c.confs {
		c.confs[i].Limits = Limits{Backlog: 4 * batch.MaxSize, MaxValue: 1 << 20}
	}
	c.start(0)
	var tickets []*Ticket
	for i := 0; ; i++ {
		v := value(i)
		v.Payload = make([]byte, 1<<20)
		ticket, err := c.nodes[0].Enqueue(time.Now(), v)
		if errors.Is(err, ErrBusy) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	if len(tickets) != 15 {
		t.Errorf("%d values of 1 MiB held, want what fits into half of the backlog limit", len(tickets))
	}
	for i := 1; i < 4; i++ {
		c.start(i)
	}
	for i, ticket := range tickets {
		if _, err := ticket.Wait(within(t), 0); err != nil {
			t.Fatalf("value %d: %v", i, err)
		}
	}
	if _, err := c.nodes[0].Submit(within(t), value(100)); err != nil {
		t.Errorf("after the jam: %v", err)
	}
}

func TestConfigErrors(t *testing.T) {
	c := newCluster(t, 4)
	for want, change := range map[string]func(*Config){
		"node 4 is not in a roster of 4":     func(c *Config) { c.Self = 4 },
		"the coin key is not that of node 1": func(c *Config) { c.Self = 1 },
		"the value limit":                    func(c *Config) { c.Limits.MaxValue = batch.MaxPayload + 1 },
		"the batch target":                   func(c *Config) { c.Limits.BatchTarget = -1 },
		"the backlog limit":                  func(c *Config) { c.Limits.Backlog = 1 },
		"65 epochs at once":                  func(c *Config) { c.Epochs = 65 },
		"is not the key of Peers[0]":         func(d *Config) { d.NodeKey = c.confs[1].NodeKey },
		"a roster has 1 to 256 nodes, not 0": func(c *Config) { c.Peers = nil },
	} {
		conf := c.confs[0]
		change(&conf)
		n, err := New(conf)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v; want %q", n, err, want)
		}
	}
}

func BenchmarkSubmit(b *testing.B) {
	for _, n := range []int{1, 4} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCluster(b, n)
			c.startAll()
			if _, err := c.nodes[0].Submit(within(b), value(0)); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 1; b.Loop(); i++ {
				if _, err := c.nodes[0].Submit(within(b), value(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A node that has lost its store follows the others in silence until it cannot
// contradict itself any more, then takes part again.
func TestLostStore(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 500, 0, 1, 2, 3)
	c.kill(3)
	c.confs[3].Dir, c.confs[3].First = t.TempDir(), false
	c.start(3)
	ctx := within(t)
	if s, err := c.nodes[3].Status(ctx); err != nil || s.Silent == 0 {
		t.Errorf("it is not silent: %+v, %v", s, err)
	}
	c.submitAll(500, 600, 0, 1, 2)
	c.sameLogs(600, 0, 1, 2, 3)
	silent := uint64(0) // up to this epoch, once it has asked its peers
	for i := 600; ; i++ {
		s, err := c.nodes[3].Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s.Silent == 0 && s.Ready {
			break
		}
		if s.Silent < math.MaxUint64 {
			silent = max(silent, s.Silent)
		}
		if len(s.Open) > 0 && (s.Open[0].Epoch <= silent || s.Silent == math.MaxUint64) {
			t.Fatalf("it takes part in epoch %d and is silent up to %d", s.Open[0].Epoch, silent)
		}
		if _, err := c.nodes[0].Submit(ctx, value(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.nodes[3].Submit(ctx, value(100_000)); err != nil {
		t.Fatal(err)
	}
	height := c.nodes[3].Height()
	for i := range 3 {
		if err := c.nodes[i].WaitHeight(ctx, height); err != nil {
			t.Fatal(err)
		}
		s, err := c.nodes[i].Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.Peers {
			if p.Faults > 0 {
				t.Errorf("node %d finds %d faults in node %d", i, p.Faults, p.Node)
			}
		}
	}
}

// A restarted node knows how far its certificates go: a block that is decided
// before the next certificate must not make it forget, and ask for all of them
// again.
func TestCertifiedHeightSurvivesARestart(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 20, 0, 1, 2, 3)
	c.sameLogs(20, 0, 1, 2, 3)
	if err := c.nodes[3].WaitCertificate(within(t), c.nodes[0].Height()); err != nil {
		t.Fatal(err)
	}
	c.kill(3)
	n, err := New(c.confs[3])
	if err != nil {
		t.Fatal(err)
	}
	stored := n.driver.archive.stored.Load()
	if err := n.driver.archive.write(); err != nil { // as after a block
		t.Fatal(err)
	}
	if got := n.driver.archive.stored.Load(); got != stored || stored == 0 {
		t.Errorf("certified up to %d, and up to %d after a round without news", stored, got)
	}
	if err := n.store.Close(); err != nil {
		t.Fatal(err)
	}
}
