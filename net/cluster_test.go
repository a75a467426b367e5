package net

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"abad/bft"
	"abad/net/nettest"
)

// patience ends a test that hangs; nothing is asserted about time.
const patience = 60 * time.Second

// testCluster is a roster on the loopback interface, with real sockets.
type testCluster struct {
	t     testing.TB
	keys  []ed25519.PrivateKey
	peers []Peer
	nodes []*testNode
	adapt func(*Config)
}

// testNode is a running transport.
type testNode struct {
	*Transport
	log  *logBuffer
	stop func()
}

// newCluster makes a roster of n and binds no socket for good: nodes are
// started one by one. adapt may change each configuration.
func newCluster(t testing.TB, n int, adapt func(*Config)) *testCluster {
	t.Helper()
	checkLeaks(t)
	c := &testCluster{t: t, nodes: make([]*testNode, n), adapt: adapt}
	for i := range n {
		seed := make([]byte, ed25519.SeedSize)
		seed[0], seed[1] = byte(i), 1
		key := ed25519.NewKeyFromSeed(seed)
		c.keys = append(c.keys, key)
		c.peers = append(c.peers, Peer{Key: key.Public().(ed25519.PublicKey), Addr: freeAddr(t)})
	}
	return c
}

func startCluster(t testing.TB, n int, adapt func(*Config)) *testCluster {
	t.Helper()
	c := newCluster(t, n, adapt)
	for i := range n {
		c.start(bft.ID(i))
	}
	return c
}

func freeAddr(t testing.TB) string { return nettest.FreeAddrs(t, 1)[0] }

func (c *testCluster) config(id bft.ID) Config {
	conf := Config{
		Self: id, Key: c.keys[id], Peers: c.peers,
		Cluster: bft.Sum([]byte("cluster")), Era: 7,
		Timing: Timing{BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond},
	}
	if c.adapt != nil {
		c.adapt(&conf)
	}
	return conf
}

func (c *testCluster) start(id bft.ID) *testNode { return c.startWith(id, c.config(id)) }

func (c *testCluster) startWith(id bft.ID, conf Config) *testNode {
	c.t.Helper()
	log := &logBuffer{}
	conf.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	tr, err := New(conf)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tr.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("node %d: run: %v", id, err)
		}
	})
	node := &testNode{Transport: tr, log: log, stop: stop}
	c.nodes[id] = node
	c.t.Cleanup(func() {
		stop()
		if c.t.Failed() {
			c.t.Logf("node %d:\n%s", id, log)
		}
	})
	select {
	case <-tr.Listening():
	case <-time.After(patience):
		c.t.Fatal("does not listen")
	}
	return node
}

// until takes events until enough says so.
func (n *testNode) until(t testing.TB, what string, enough func(Event) bool) {
	t.Helper()
	timeout := time.After(patience)
	for {
		for {
			e, ok := n.Inbox().Take()
			if !ok {
				break
			}
			if enough(e) {
				return
			}
		}
		select {
		case <-n.Inbox().Ready():
		case <-timeout:
			t.Fatalf("node %d waits for %s; stats %+v", n.conf.Self, what, n.Stats())
		}
	}
}

// eventually waits for a condition that has no event of its own.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("never: %s", what)
		}
	}
}

func (n *testNode) linksUp(t testing.TB, count int) {
	t.Helper()
	up := make(map[bft.ID]bool)
	n.until(t, "links", func(e Event) bool {
		up[e.From] = e.Kind == LinkUp || e.Kind == Frame
		return len(up) >= count
	})
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) count(part string) int { return strings.Count(l.String(), part) }

// checkLeaks fails the test if goroutines of this package or of quic-go
// outlive it, after everything that was started was stopped.
func checkLeaks(t testing.TB) {
	t.Cleanup(func() {
		var left string
		for range 100_000 {
			if left = strangers(); left == "" {
				return
			}
			runtime.Gosched()
		}
		t.Errorf("goroutines are left:\n%s", left)
	})
}

func strangers() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var left []string
	for _, g := range strings.Split(string(buf), "\n\n") {
		ours := strings.Contains(g, "abad/net.") || strings.Contains(g, "quic-go")
		if ours && !strings.Contains(g, "testing.(*") && !strings.Contains(g, "net.strangers") {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}
