package node

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"abad/agree"
)

// Real nodes agree on one of their values, and so they do after a restart; what a
// node has proposed it cannot change.
func TestAgreements(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	ctx := within(t)
	for i := range 3 {
		if _, err := c.nodes[i].Propose(ctx, "capital", []byte([]string{"athens", "byzantium", "byzantium"}[i])); err != nil {
			t.Fatal(err)
		}
	}
	c.agreed("capital", "byzantium", 2, 0, 1, 2, 3)
	if _, err := c.nodes[3].Propose(ctx, "capital", []byte("athens")); !errors.Is(err, agree.ErrAgreed) {
		t.Errorf("a proposal after the agreement: %v", err)
	}

	st, err := c.nodes[0].Propose(ctx, "port", []byte("piraeus"))
	if err != nil || st.Agreed || len(st.Proposals) != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	c.kill(0)
	c.start(0)
	if _, err := c.nodes[0].Propose(ctx, "port", []byte("piraeus")); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if _, err := c.nodes[0].Propose(ctx, "port", []byte("corinth")); !errors.Is(err, agree.ErrProposed) {
		t.Errorf("another proposal: %v", err)
	}
	c.agreed("capital", "byzantium", 2, 0)
	if _, err := c.nodes[0].Agreement("nobody's"); !errors.Is(err, agree.ErrUnknown) {
		t.Errorf("an unknown name: %v", err)
	}
	for i := range agree.MaxOpen - 1 {
		if _, err := c.nodes[0].Propose(ctx, fmt.Sprint(i), []byte("v")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.nodes[0].Propose(ctx, "more", []byte("v")); !errors.Is(err, agree.ErrTooMany) {
		t.Errorf("proposal %d: %v", agree.MaxOpen+1, err)
	}
}

// A node that was away while the others agreed reads it from the log.
func TestAgreementOfALateNode(t *testing.T) {
	c := newCluster(t, 4)
	ctx := within(t)
	for i := range 3 {
		c.start(i)
	}
	for i := range 3 {
		if _, err := c.nodes[i].Propose(ctx, "x", []byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	c.start(3)
	c.agreed("x", "a", 3, 0, 1, 2, 3)
}

// agreed waits for an outcome at these nodes.
func (c *cluster) agreed(name, value string, by int, nodes ...int) {
	c.t.Helper()
	for _, i := range nodes {
		st, err := c.nodes[i].WaitAgreement(within(c.t), name)
		if err != nil || string(st.Value) != value || len(st.For) != by {
			c.t.Errorf("node %d, %q: %+v, %v", i, name, st, err)
		}
	}
}

// An agreement says where in the log the proposal is that made it, also behind other values
// of the block and behind values that it skipped.
func TestPlaceOfAnAgreement(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	ctx := within(t)
	var load sync.WaitGroup
	for i := range 40 {
		for _, n := range c.nodes {
			load.Go(func() {
				if _, err := n.Submit(ctx, value(i)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	for i := range 3 {
		if _, err := c.nodes[i].Propose(ctx, "place", []byte("here")); err != nil {
			t.Fatal(err)
		}
	}
	load.Wait()
	c.agreed("place", "here", 3, 0, 1, 2, 3)
	for _, n := range c.nodes {
		st, err := n.Agreement("place")
		if err != nil {
			t.Fatal(err)
		}
		values, err := n.Values(st.At.Block)
		if err != nil || st.At.Index >= uint64(len(values)) {
			t.Fatalf("%d values, %+v, %v", len(values), st.At, err)
		}
		if p, err := agree.Decode(values[st.At.Index].Payload); err != nil || p.Name != "place" {
			t.Errorf("at %+v is %q, %v", st.At, p.Name, err)
		}
	}
}
