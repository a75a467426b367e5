package net

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

func (c *testCluster) probe(from, to bft.ID) error {
	_, err := Probe(context.Background(), c.config(from), to)
	return err
}

// A probe shows that both neighbours are there, makes no link of it, and lets a
// lower node's log alone.
func TestProbe(t *testing.T) {
	c := newCluster(t, 3, nil)
	lower, higher := c.start(0), c.start(2)
	for _, peer := range []bft.ID{0, 2} {
		if err := c.probe(1, peer); err != nil {
			t.Errorf("node %d: %v", peer, err)
		}
	}
	for _, node := range []*testNode{lower, higher} {
		if s := node.Stats().Peers[1]; s.Up || s.Links > 0 {
			t.Errorf("node %d made a link of it", node.conf.Self)
		}
	}
	if strings.Contains(lower.log.String(), "WARN") {
		t.Errorf("node 0 complains:\n%s", lower.log)
	}
}

func TestProbeFinds(t *testing.T) {
	c := newCluster(t, 3, func(conf *Config) { conf.Timing.Handshake = 50 * time.Millisecond })
	if err := c.probe(1, 0); err == nil || err.Error() != "nothing answers" {
		t.Errorf("nobody is there: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Probe(ctx, c.config(1), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
	for _, peer := range []bft.ID{1, 3} {
		if err := c.probe(1, peer); err == nil {
			t.Errorf("node %d is no peer of node 1, and it was taken", peer)
		}
	}
	conf := c.config(1)
	conf.Key = c.keys[2]
	if _, err := Probe(context.Background(), conf, 0); err == nil {
		t.Error("another node's key was taken")
	}

	c = newCluster(t, 3, nil)
	c.start(2)
	conf = c.config(1)
	conf.Peers = slices.Clone(conf.Peers)
	conf.Peers[0].Addr = conf.Peers[2].Addr
	if _, err := Probe(context.Background(), conf, 0); err == nil || !strings.Contains(err.Error(), "node 2 answers at the address of node 0") {
		t.Errorf("another node is there: %v", err)
	}
}

func TestProbeAtAnotherWire(t *testing.T) {
	c := newCluster(t, 2, nil)
	who, err := newIdentity(c.config(0))
	if err != nil {
		t.Fatal(err)
	}
	conf := who.accepting()
	conf.NextProtos = []string{"abad/2"}
	ln, err := quic.ListenAddr(c.peers[0].Addr, conf, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	if err := c.probe(1, 0); !errors.Is(err, ErrOtherWire) {
		t.Errorf("it speaks abad/2: %v", err)
	}
}

func TestBuffers(t *testing.T) {
	receive, send, wanted, err := Buffers()
	if err != nil || receive <= 0 || send <= 0 || wanted != udpBuffer {
		t.Errorf("receive %d, send %d, wanted %d, %v", receive, send, wanted, err)
	}
}
