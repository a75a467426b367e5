package net

import (
	"errors"
	"os"
	"regexp"
	"testing"

	"abad/bft"
)

// What QUIC sent is more than our frames, is what the other side got on a network
// that loses nothing, and is not forgotten when a link ends.
func TestWire(t *testing.T) {
	c := startCluster(t, 2, nil)
	body := make([]byte, 100_000) // far more than a handshake
	for round := range 3 {
		before := c.nodes[1].Stats().Peers[0]
		c.nodes[1].Send(Outgoing{Epoch: uint64(round + 1), To: 0, Msg: body})
		c.nodes[0].until(t, "the message", func(e Event) bool { return len(e.Msgs) > 0 })
		after := c.nodes[1].Stats().Peers[0]
		if after.Control.BytesOut < before.Control.BytesOut+uint64(len(body)) {
			t.Fatalf("frames: %+v, then %+v", before.Control, after.Control)
		}
		if after.Wire.BytesOut < after.Control.BytesOut || after.Wire.PacketsOut == 0 || after.Wire.BytesIn == 0 || after.Wire.PacketsIn == 0 {
			t.Fatalf("round %d: less on the wire than in frames: %+v, %+v", round, after.Wire, after.Control)
		}
		c.nodes[0].Release(uint64(round + 1))
		c.nodes[1].Release(uint64(round + 1))
		c.cut(1, 0, &after)
		// Nobody has looked at this side's link before it ended.
		eventually(t, "all bytes of the links that ended", func() bool {
			return c.nodes[0].Stats().Peers[1].Wire.BytesIn >= uint64(len(body)*(round+1))
		})
	}
}

// However often somebody looks, a byte counts once.
func TestWireCountsOnce(t *testing.T) {
	c := startCluster(t, 2, nil)
	body := make([]byte, 100_000)
	c.nodes[1].Send(Outgoing{Epoch: 1, To: 0, Msg: body})
	c.nodes[0].until(t, "the message", func(e Event) bool { return len(e.Msgs) > 0 })
	for range 100 {
		c.nodes[0].Stats()
	}
	got := c.nodes[0].Stats().Peers[1].Wire.BytesIn
	if sent := c.nodes[1].Stats().Peers[0].Wire.BytesOut; got > sent || got < uint64(len(body)) {
		t.Errorf("%d bytes came, and %d were sent", got, sent)
	}
}

// cut ends a link and waits for the next one, while the sums never go down.
func (c *testCluster) cut(of, to bft.ID, last *PeerStats) {
	c.t.Helper()
	node := c.nodes[of]
	eventually(c.t, "a link to cut", func() bool { return node.peers[to].present() != nil })
	before := node.peers[to].count.links.Load()
	node.peers[to].present().fail(errors.New("cut by the test"))
	eventually(c.t, "the next link", func() bool {
		now := node.Stats().Peers[to]
		if now.Wire.BytesOut < last.Wire.BytesOut || now.Wire.BytesIn < last.Wire.BytesIn ||
			now.Wire.PacketsOut < last.Wire.PacketsOut || now.Wire.PacketsIn < last.Wire.PacketsIn || now.Wire.PacketsLost < last.Wire.PacketsLost {
			c.t.Fatalf("the sums went down: %+v, then %+v", last.Wire, now.Wire)
		}
		*last = now
		return now.Links > before
	})
}

// Causes are complete: what is counted is among them.
func TestCauses(t *testing.T) {
	listed := make(map[Cause]bool)
	for _, c := range Causes() {
		listed[c] = true
	}
	source, err := os.ReadFile("refuse.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := len(regexp.MustCompile(`(?m)^\tCause\w+ +Cause = `).FindAll(source, -1))
	if declared == 0 || len(listed) != declared || len(Causes()) != declared {
		t.Errorf("%d causes in a list of %d, and %d are declared", len(listed), len(Causes()), declared)
	}
	if !listed[causeOf(errors.New("x"))] || !listed[causeOf(&refusal{CauseByPeer, ""})] {
		t.Error("a cause is missing")
	}
}
