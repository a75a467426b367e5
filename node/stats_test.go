package node

import (
	"testing"
)

// What the counters say after two values is what had to happen for them.
func TestStats(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.linked(0) // or a batch is offered again later
	for i, size := range []int{100, maxFramed + 1} {
		v := value(i)
		v.Payload = make([]byte, size)
		if _, err := c.nodes[0].Submit(within(t), v); err != nil {
			t.Fatal(err)
		}
	}
	var s Stats
	eventually(t, "the pushes are counted", func() bool {
		var err error
		if s, err = c.nodes[0].Stats(within(t)); err != nil {
			t.Fatal(err)
		}
		return s.Push.Out+s.Push.Dropped >= 3
	})
	if s.Height == 0 || s.Values == 0 || s.Transactions < 2 {
		t.Fatalf("%+v", s)
	}
	// The large batch went to three peers, the small one with at least an ECHO and a READY
	// to each.
	if s.Push.Out+s.Push.Dropped != 3 || s.Push.BytesOut < maxFramed*s.Push.Out || s.MessagesOut < 9 || s.Control.BytesOut < 300 {
		t.Fatalf("%+v", s)
	}
	if s.MessagesIn == 0 || s.Control.BytesIn == 0 || s.Slots%4 != 0 {
		t.Fatalf("%+v", s)
	}
}
