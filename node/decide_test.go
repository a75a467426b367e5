package node

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"abad/coin"
	"abad/decision"
)

// Real nodes decide by vote; one that is down meanwhile learns the outcome, with
// its certificate, when it is back.
func TestDecisions(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	ctx := within(t)
	for i, n := range c.nodes {
		if err := n.Vote(ctx, "alike", true); err != nil && !errors.Is(err, decision.ErrDecided) {
			t.Fatal(err)
		}
		// Three votes may have decided before the fourth is cast.
		if err := n.Vote(ctx, "split", i < 2); err != nil && !errors.Is(err, decision.ErrDecided) {
			t.Fatal(err)
		}
	}
	split := c.outcome(ctx, "split", 0, 1, 2, 3)
	if got := c.outcome(ctx, "alike", 0, 1, 2, 3); !got.Value {
		t.Errorf("%+v", got)
	}
	if err := c.nodes[0].Vote(ctx, "half", true); err != nil {
		t.Fatal(err)
	}
	if err := c.nodes[0].Vote(ctx, "half", false); !errors.Is(err, decision.ErrVoted) {
		t.Errorf("a second vote: %v", err)
	}
	if _, err := c.nodes[0].Decision(ctx, "nobody's"); !errors.Is(err, decision.ErrUnknown) {
		t.Errorf("an unknown name: %v", err)
	}

	c.kill(3)
	for i := range 3 {
		if err := c.nodes[i].Vote(ctx, "without 3", true); err != nil {
			t.Fatal(err)
		}
	}
	c.outcome(ctx, "without 3", 0, 1, 2)
	c.start(3)
	if err := c.nodes[3].Vote(ctx, "without 3", false); err != nil && !errors.Is(err, decision.ErrDecided) {
		t.Fatal(err)
	}
	if got := c.outcome(ctx, "without 3", 0, 1, 2, 3); !got.Value {
		t.Error("three yes, and it is decided no")
	}
	if got := c.outcome(ctx, "split", 3); got.Value != split.Value {
		t.Errorf("after the restart the outcome is %+v, before it was %+v", got, split)
	}
}

// Nothing of a decision that is certified stays in the journal, or it would be open
// again after the next start.
func TestDecisionsLeaveNoJournal(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	ctx := within(t)
	for k := range 8 {
		name := fmt.Sprint("x", k)
		for i := range 4 {
			if err := c.nodes[i].Vote(ctx, name, true); err != nil && !errors.Is(err, decision.ErrDecided) {
				t.Fatal(err)
			}
		}
		c.outcome(ctx, name, 0, 1, 2, 3)
	}
	for i := range 4 {
		c.kill(i)
		c.start(i)
		for _, topic := range c.nodes[i].store.Epochs() {
			if topic >= firstTopic {
				t.Errorf("node %d: journal %d is left", i, topic-firstTopic)
			}
		}
	}
}

// A node that has heard nothing of a decision learns the outcome when somebody waits
// for it there: the others have forgotten the votes.
func TestDecisionHeardOfLater(t *testing.T) {
	c := newCluster(t, 4)
	for i := range 3 {
		c.start(i)
	}
	ctx := within(t)
	for i := range 3 {
		if err := c.nodes[i].Vote(ctx, "x", true); err != nil {
			t.Fatal(err)
		}
	}
	c.outcome(ctx, "x", 0, 1, 2)
	c.start(3)
	c.outcome(ctx, "x", 3)
	if names := c.nodes[3].driver.decider.wanted(); len(names) > 0 {
		t.Errorf("peers are still asked for %q", names)
	}
}

// outcome waits for a decision at these nodes and checks certificate and agreement.
func (c *cluster) outcome(ctx context.Context, name string, nodes ...int) decision.Status {
	c.t.Helper()
	var first decision.Status
	for k, i := range nodes {
		n := c.nodes[i]
		st, err := n.WaitDecision(ctx, name)
		if err != nil {
			c.t.Fatalf("node %d, %q: %v, %+v", i, name, err, st)
		}
		key, err := coin.ParsePublicKey(n.PublicKey())
		if err != nil {
			c.t.Fatal(err)
		}
		if err := key.Verify(n.DecidedMessage(name, st.Value), st.Certificate); err != nil {
			c.t.Errorf("node %d, %q: %v", i, name, err)
		}
		if k == 0 {
			first = st
		}
		if st.Value != first.Value {
			c.t.Errorf("node %d decides %v on %q, node %d %v", i, st.Value, name, nodes[0], first.Value)
		}
	}
	return first
}

// All nodes restart with a vote cast and nothing decided: the vote is not lost, and
// cannot be changed.
func TestVoteSurvivesRestart(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	ctx := within(t)
	for i := range 2 {
		if err := c.nodes[i].Vote(ctx, "x", false); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		c.kill(i)
	}
	c.startAll()
	for i := range 2 {
		if err := c.nodes[i].Vote(ctx, "x", true); !errors.Is(err, decision.ErrVoted) {
			t.Errorf("node %d votes again: %v", i, err)
		}
	}
	if err := c.nodes[2].Vote(ctx, "x", false); err != nil {
		t.Fatal(err)
	}
	if got := c.outcome(ctx, "x", 0, 1, 2, 3); got.Value {
		t.Error("three no, and it is decided yes")
	}
	if held := c.nodes[0].transport.Held(); held.Messages > 0 {
		t.Errorf("%d messages are kept after the certificate", held.Messages)
	}
	for i := range 4 {
		if err := c.nodes[i].PruneDecision(ctx, "x"); err != nil {
			t.Error(err)
		}
		list, total, err := c.nodes[i].Decisions(ctx, 0, 10)
		if err != nil || total != 0 {
			t.Errorf("after pruning: %v, %d, %v", list, total, err)
		}
	}
}

func TestVoteErrors(t *testing.T) {
	c := newCluster(t, 4)
	c.start(0)
	ctx := within(t)
	if err := c.nodes[0].Vote(ctx, "a\tb", true); !errors.Is(err, decision.ErrName) {
		t.Errorf("a bad name: %v", err)
	}
	for i := range decision.MaxVotes {
		if err := c.nodes[0].Vote(ctx, fmt.Sprint(i), true); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.nodes[0].Vote(ctx, "more", true); !errors.Is(err, decision.ErrTooMany) {
		t.Errorf("vote %d: %v", decision.MaxVotes+1, err)
	}
	list, total, err := c.nodes[0].Decisions(ctx, 60, 10)
	if err != nil || total != decision.MaxVotes || len(list) != 4 || list[0].Name != "60" {
		t.Errorf("%+v, %d, %v", list, total, err)
	}
}
