package node

import (
	"sync/atomic"
	"testing"
	"time"
)

// The clocks of nodes are years apart and jump, at one of them with every look.
// Blocks come as ever, with times that only grow, and what is in them does not
// depend on it. With one clock of four wrong, the times stay near the others'.
func TestClocksJump(t *testing.T) {
	c := newCluster(t, 4)
	var looks, hours atomic.Int64
	c.confs[0].hooks.now = func() time.Time {
		return time.Now().Add(time.Duration(looks.Add(7919)%1000-500) * time.Hour)
	}
	for i := 1; i < 4; i++ {
		c.confs[i].hooks.now = func() time.Time { return time.Now().Add(time.Duration(hours.Load()) * time.Hour) }
	}
	c.startAll()
	submitted := 0
	for _, jump := range []int64{0, 5, -3, 24 * 365, -24 * 365 * 60, 0} {
		hours.Store(jump)
		c.submitAll(submitted, submitted+20, 0, 1, 2, 3)
		submitted += 20
	}
	c.sameLogs(submitted, 0, 1, 2, 3)
	last := uint64(0)
	for h := uint64(1); h <= c.nodes[0].Height(); h++ {
		b, err := c.nodes[0].Block(h)
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.Time <= last {
			t.Errorf("block %d has time %d after %d", h, b.Header.Time, last)
		}
		last = b.Header.Time
		if h == 1 {
			if off := time.Until(time.UnixMilli(int64(last))).Abs(); off > 2*time.Hour {
				t.Errorf("one wrong clock of four moves the time of a block by %v", off)
			}
		}
	}
	c.noFaults(0, 1, 2, 3)
	for i := range 4 { // a restart reads the clock too, and nothing else changes
		c.kill(i)
		hours.Add(-100)
		c.start(i)
	}
	if _, err := c.nodes[1].Submit(within(t), value(submitted)); err != nil {
		t.Fatal(err)
	}
	c.sameLogs(submitted+1, 0, 1, 2, 3)
	c.noFaults(0, 1, 2, 3)
}
