package node

import (
	"testing"
)

// What the counters say after one value is what had to happen for it.
func TestStats(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	if _, err := c.nodes[0].Submit(within(t), value(1)); err != nil {
		t.Fatal(err)
	}
	s, err := c.nodes[0].Stats(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.Height == 0 || s.Values == 0 || s.Transactions < 2 {
		t.Fatalf("%+v", s)
	}
	// Its batch went to three peers, and at least an ECHO and a READY to each.
	if s.Push.Out+s.Push.Dropped != 3 || s.Push.BytesOut < 50*s.Push.Out || s.MessagesOut < 6 || s.Control.Out < 3 {
		t.Fatalf("%+v", s)
	}
	if s.MessagesIn == 0 || s.Control.BytesIn == 0 || s.Slots%4 != 0 {
		t.Fatalf("%+v", s)
	}
}
