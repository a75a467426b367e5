package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/net"
	"abad/net/nettest"
)

// cluster is real nodes in one process, on loopback.
type cluster struct {
	t     testing.TB
	confs []Config
	nodes []*Node
	stop  []func()

	meddle func(*Node) // with a node that is about to run
}

func newCluster(t testing.TB, n int) *cluster {
	t.Helper()
	q, err := bft.NewQuorum(n)
	if err != nil {
		t.Fatal(err)
	}
	group, secrets, err := coin.Deal(n, q.Amplify(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, nodes: make([]*Node, n), stop: make([]func(), n)}
	var peers []net.Peer
	var keys []ed25519.PrivateKey
	for _, addr := range nettest.FreeAddrs(t, n) {
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		peers, keys = append(peers, net.Peer{Key: pub, Addr: addr}), append(keys, key)
	}
	for i := range n {
		key, err := coin.NewKey(group, secrets[i])
		if err != nil {
			t.Fatal(err)
		}
		c.confs = append(c.confs, Config{
			Self: bft.ID(i), Cluster: bft.Sum([]byte(t.Name())), Era: 1, Roster: bft.Sum([]byte("roster")),
			NodeKey: keys[i], CoinKey: key, Peers: peers, Dir: t.TempDir(), First: true,
			Log:   slog.New(slog.NewTextHandler(testWriter{t, i}, &slog.HandlerOptions{Level: slog.LevelInfo})),
			hooks: hooks{grace: time.Minute}, // this process goes on
		})
	}
	t.Cleanup(func() {
		for i := range c.stop {
			c.kill(i)
		}
	})
	return c
}

type testWriter struct {
	t    testing.TB
	node int
}

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("node%d %s", w.node, p)
	return len(p), nil
}

// start runs a node; kill ends it.
func (c *cluster) start(i int) {
	c.t.Helper()
	n, err := New(c.confs[i])
	if err != nil {
		c.t.Fatalf("node %d: %v", i, err)
	}
	if c.meddle != nil {
		c.meddle(n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	c.nodes[i] = n
	c.stop[i] = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("node %d: %v", i, err)
		}
	})
}

// unstarted is a node that does not run: its driver is the test's.
func unstarted(t *testing.T) *Node {
	t.Helper()
	n, err := New(newCluster(t, 4).confs[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.store.Close() })
	return n
}

// launchOne makes a batch of one value and puts it on its way.
func launchOne(t *testing.T, n *Node, v batch.Value) (*building, storing) {
	t.Helper()
	if _, err := n.batcher.enqueue(time.Now(), v); err != nil {
		t.Fatal(err)
	}
	b := n.batcher.takeOpen()
	hold, err := n.launch(b)
	if err != nil {
		t.Fatal(err)
	}
	return b, hold
}

func (c *cluster) kill(i int) {
	if c.stop[i] != nil {
		c.stop[i]()
	}
}

// linked waits until a node has all of its links.
func (c *cluster) linked(i int) {
	c.t.Helper()
	eventually(c.t, "all links", func() bool {
		s, err := c.nodes[i].Status(within(c.t))
		return err == nil && !slices.ContainsFunc(s.Peers, func(p PeerStatus) bool { return !p.Up })
	})
}

func (c *cluster) startAll() {
	for i := range c.nodes {
		c.start(i)
	}
}

func value(i int) batch.Value {
	v := batch.Value{Payload: fmt.Append(nil, "value ", i)}
	binary.BigEndian.PutUint64(v.ID[:], uint64(i)+1)
	return v
}

// log reads a node's whole log up to a height.
func (c *cluster) log(i int, height uint64) []string {
	c.t.Helper()
	var all []string
	for h := uint64(1); h <= height; h++ {
		values, err := c.nodes[i].Values(h)
		if err != nil {
			c.t.Fatalf("node %d: %v", i, err)
		}
		for _, v := range values {
			all = append(all, fmt.Sprintf("%d %s %s", h, v.ID, v.Payload))
		}
	}
	return all
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx := within(t)
	for !holds() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("waited in vain: ", what)
		}
	}
}

// sameLogs waits until these nodes are at one height and compares their logs.
func (c *cluster) sameLogs(want int, nodes ...int) {
	c.t.Helper()
	ctx := within(c.t)
	height := uint64(0)
	for _, i := range nodes {
		height = max(height, c.nodes[i].Height())
	}
	for _, i := range nodes {
		if err := c.nodes[i].WaitHeight(ctx, height); err != nil {
			c.t.Fatalf("node %d is at %d of %d: %v", i, c.nodes[i].Height(), height, err)
		}
	}
	first := c.log(nodes[0], height)
	seen := map[string]bool{}
	for _, v := range first {
		if seen[v[len(v)-20:]] {
			c.t.Errorf("twice: %s", v)
		}
		seen[v[len(v)-20:]] = true
	}
	if len(first) != want {
		c.t.Errorf("%d values in the log, want %d", len(first), want)
	}
	for _, i := range nodes[1:] {
		other := c.log(i, height)
		if len(other) != len(first) {
			c.t.Fatalf("node %d has %d values, node %d has %d", i, len(other), nodes[0], len(first))
		}
		for k := range first {
			if first[k] != other[k] {
				c.t.Fatalf("value %d: node %d has %q, node %d has %q", k, nodes[0], first[k], i, other[k])
			}
		}
	}
}

// submitAll submits values from..to-1, round robin over these nodes, many at once.
func (c *cluster) submitAll(from, to int, nodes ...int) {
	c.t.Helper()
	ctx := within(c.t)
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := from + w; i < to; i += 64 {
				for {
					_, err := c.nodes[nodes[i%len(nodes)]].Submit(ctx, value(i))
					if errors.Is(err, ErrBusy) {
						continue
					}
					if err != nil {
						c.t.Errorf("value %d: %v", i, err)
					}
					break
				}
			}
		})
	}
	wg.Wait()
}

func TestClusterDecides(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			c := newCluster(t, n)
			c.startAll()
			var all []int
			for i := range n {
				all = append(all, i)
			}
			start := time.Now()
			if _, err := c.nodes[0].Submit(within(t), value(0)); err != nil {
				t.Fatal(err)
			}
			t.Logf("first value after %v", time.Since(start))
			start = time.Now()
			if _, err := c.nodes[n-1].Submit(within(t), value(1)); err != nil {
				t.Fatal(err)
			}
			t.Logf("second value after %v", time.Since(start))
			start = time.Now()
			c.submitAll(2, 2000, all...)
			t.Logf("2000 values in %v, %d blocks", time.Since(start), c.nodes[0].Height())
			c.sameLogs(2000, all...)
		})
	}
}
