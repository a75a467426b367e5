package node

import (
	"slices"
	"testing"

	"abad/bft"
)

// Each condition of readiness holds at its limit and not one past it.
func TestReadiness(t *testing.T) {
	q, err := bft.NewQuorum(7) // f = 2
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{quorum: q, config: Config{Epochs: 4}}
	for _, c := range []struct {
		up             int
		behind, silent uint64
		missing        []string
	}{
		{up: 7},
		{up: 5, behind: 4},
		{up: 4, missing: []string{"peers"}},
		{up: 7, behind: 5, missing: []string{"caught_up"}},
		{up: 7, silent: 1, missing: []string{"memory"}},
		{up: 1, behind: 100, silent: 1, missing: []string{"memory", "peers", "caught_up"}},
	} {
		checks := n.checks(Status{Nodes: 7, Behind: c.behind, Silent: c.silent}, c.up)
		var missing []string
		for _, k := range checks {
			if !k.OK {
				missing = append(missing, k.Name)
			}
			if k.Text == "" {
				t.Errorf("%s says nothing", k.Name)
			}
		}
		if !slices.Equal(missing, c.missing) || allOK(checks) != (len(c.missing) == 0) {
			t.Errorf("%+v: %v is missing, want %v", c, missing, c.missing)
		}
	}
}

// A node is ready when n-f nodes see each other, itself among them, not before, and
// no longer than that.
func TestReadyWithEnoughPeers(t *testing.T) {
	c := newCluster(t, 4)
	ready := func(i int) bool {
		s, err := c.nodes[i].Status(within(t))
		if err != nil {
			t.Fatal(err)
		}
		up := 1
		for _, p := range s.Peers {
			if p.Up {
				up++
			}
		}
		if s.Ready != (up >= 3) {
			t.Fatalf("ready: %v, with %d nodes up: %+v", s.Ready, up, s.Checks)
		}
		return s.Ready
	}
	c.start(0)
	if ready(0) {
		t.Error("ready alone")
	}
	c.start(1)
	for up := false; !up; {
		s, err := c.nodes[0].Status(within(t))
		if err != nil {
			t.Fatal(err)
		}
		up = s.Peers[0].Up
	}
	if ready(0) {
		t.Error("ready with one peer of four nodes")
	}
	c.start(2)
	for !ready(0) {
	}
	c.kill(2)
	for ready(0) {
	}
}
