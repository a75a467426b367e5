package soak

import (
	"context"
	"testing"
	"time"

	"abad/client"
)

// A node that stands still is missed by nobody, and catches up when it goes on. In
// CI it stands still for less time than its links live.
func TestOneNodeStandsStill(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.ready(c.all()...)
	load := c.load(1)
	load.reach(10, time.Now().Add(patience))
	c.pause(3)
	for deadline := time.Now().Add(stillFor(t, 30*time.Second)); time.Now().Before(deadline); {
		c.submit(0, "while node 3 stands still")
	}
	c.resume(3)
	load.end()
	c.ready(c.all()...)
	load.check(c.oneLog())
	c.noFaults()
}

// With f+1 nodes standing still nothing is decided, whatever clients give the
// others; when they go on, all of it is.
func TestTooManyNodesStandStill(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.ready(c.all()...)
	c.submit(0, "before")
	c.pause(2, 3)
	type answer struct {
		r   client.Receipt
		err error
	}
	answers := make(chan answer, 2)
	for i := range 2 {
		go func() {
			r, err := c.nodes[i].client.Submit(within(t), []byte("while two nodes stand still"))
			answers <- answer{r, err}
		}()
	}
	still, cancel := context.WithTimeout(context.Background(), stillFor(t, 10*time.Second))
	defer cancel()
	select {
	case a := <-answers:
		t.Errorf("two of four nodes have decided: %+v, %v", a.r, a.err)
	case <-still.Done():
	}
	for i := range 2 {
		for e, err := range c.nodes[i].client.Log(within(t), client.Position{}) {
			if err != nil {
				t.Fatal(err)
			}
			if string(e.Value) != "before" {
				t.Errorf("node %d has %q in its log", i, e.Value)
			}
		}
	}
	c.resume(2, 3)
	for range 2 {
		if a := <-answers; a.err != nil {
			t.Errorf("after all went on: %v", a.err)
		}
	}
	c.submit(3, "after")
	if places := c.oneLog(); len(places) != 4 {
		t.Errorf("%d values in the log, want 4", len(places))
	}
	c.noFaults()
}

// All nodes lose power together, several times, with values on their way.
func TestAllKilledTogether(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	load := c.load(2)
	for range 3 {
		load.reach(load.count()+20, time.Now().Add(patience))
		c.kill(c.all()...)
		c.startAll()
	}
	load.end()
	c.ready(c.all()...)
	load.check(c.oneLog())
	c.noFaults()
}

// A second process on the home of one that runs is refused, says why, and does the
// first one no harm.
func TestSecondProcess(t *testing.T) {
	c := newCluster(t, 1)
	c.start(0)
	c.ready(0)
	c.submit(0, "before")
	first := c.nodes[0]
	// Another API address, or that would be what is refused.
	second := &daemon{home: copyHome(t, first.home), log: first.log + "2", client: first.client}
	c.nodes = append(c.nodes, second)
	c.start(1)
	var ended error
	select {
	case ended = <-second.ended:
		second.ended <- ended
	case <-within(t).Done():
		t.Fatal("two processes run on one store")
	}
	if ended == nil {
		t.Error("the second process ended without an error")
	}
	if !logSays(t, second, "the store is in use by another process") {
		t.Error("the second process does not say why it ended")
	}
	c.submit(0, "after")
	c.kill(0, 1)
	c.nodes = c.nodes[:1]
}

// stillFor is a tenth of the duration in CI.
func stillFor(t *testing.T, d time.Duration) time.Duration {
	if length(t, 0) > 0 {
		return d
	}
	return d / 10
}
