package node

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"abad/bft"
	"abad/codec"
	"abad/ledger"
	"abad/net"
)

// Who looks on sees the blocks, the votes of the last epoch and every link; when
// one node is gone, who has noticed; and when too many are, where the epoch hangs.
func TestLookingOn(t *testing.T) {
	c := newCluster(t, 4)
	for i := range c.confs {
		c.confs[i].hooks.timing = net.Timing{KeepAlive: time.Second, IdleTimeout: 5 * time.Second, Handshake: 500 * time.Millisecond, BackoffMax: time.Second}
	}
	c.startAll()
	eventually(t, "all links are up everywhere", func() bool {
		views, err := c.nodes[0].lookAtLinks(t)
		return err == nil && upLinks(views) == 12
	})
	c.submitAll(0, 200, 0, 1, 2, 3)
	a := c.nodes[0].Activity()
	values, timed := uint64(0), 0
	for i, b := range a.Blocks {
		values += b.Values
		if b.Height != uint64(i)+1 || len(b.Accepted) < 3 || b.Durable.IsZero() {
			t.Errorf("%+v", b)
		}
	}
	inSeconds := uint64(0)
	for _, s := range a.Seconds {
		inSeconds, timed = inSeconds+s.Values, timed+s.Timed
		if s.Most <= 0 || s.Took < s.Most || s.Timed > s.Blocks {
			t.Errorf("%+v", s)
		}
	}
	if values < 50 || inSeconds != values || timed == 0 { // those that node 0's clients have waited for, at least
		t.Errorf("%d values in blocks, %d in seconds, %d timed", values, inSeconds, timed)
	}
	next := 200
	eventually(t, "an epoch was opened and committed here", func() bool {
		c.submitAll(next, next+1, 0)
		next++
		e, err := c.nodes[0].Epochs(within(t))
		s := e.Last.Slots
		return err == nil && e.Last.Epoch > 0 && len(s) == 4 && e.Last.For > 0 && s[0].Accepted && s[0].Seen && s[0].Ready.Len() >= 3
	})

	c.kill(3)
	eventually(t, "the three see each other and not node 3", func() bool {
		views, err := c.nodes[0].lookAtLinks(t)
		return err == nil && upLinks(views) == 6 && errors.Is(views[3].Err, errNoLink) && views[3].Links == nil &&
			views[2].Links[1].Up && views[2].Links[1].RTT > 0 && !views[2].Links[3].Up && views[2].Links[3].RTT == 0
	})
	c.kill(2)
	eventually(t, "nothing is under way", func() bool {
		e, err := c.nodes[0].Epochs(within(t))
		return err == nil && len(e.Open) == 0
	})
	if _, err := c.nodes[0].Enqueue(time.Now(), value(1000)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the epoch hangs for want of votes", func() bool {
		e, err := c.nodes[0].Epochs(within(t))
		return err == nil && len(e.Open) == 1 && e.Open[0].For > 0 && !e.Open[0].Slots[0].Decided &&
			e.Open[0].Slots[0].Echo == setOf(0, 1) && e.Open[0].Slots[0].Ready == bft.IDSet{} && !e.Open[0].Slots[3].Seen
	})
}

// lookAtLinks asks the peers now.
func (n *Node) lookAtLinks(t *testing.T) ([]View, error) { return n.askForLinks(within(t)) }

func upLinks(views []View) (up int) {
	for _, v := range views {
		for _, l := range v.Links {
			if l.Up {
				up++
			}
		}
	}
	return up
}

func setOf(ids ...bft.ID) (s bft.IDSet) {
	for _, id := range ids {
		s.Add(id)
	}
	return s
}

// The blocks of an earlier process are there again, without their times.
func TestHistorySurvivesARestart(t *testing.T) {
	c := newCluster(t, 1)
	c.startAll()
	c.submitAll(0, 20, 0)
	before := c.nodes[0].Activity().Blocks
	c.kill(0)
	c.start(0)
	after := c.nodes[0].Activity()
	if len(after.Blocks) != len(before) || len(after.Seconds) != 0 {
		t.Fatalf("%d blocks, then %d and %+v", len(before), len(after.Blocks), after.Seconds)
	}
	for i, b := range after.Blocks {
		if b.Height != before[i].Height || b.Values != before[i].Values || !b.Durable.IsZero() || b.Took != 0 {
			t.Errorf("%+v was %+v", b, before[i])
		}
	}
}

// What is remembered is bounded, and old seconds are not shown as new ones.
func TestHistoryIsBounded(t *testing.T) {
	var h history
	start := time.Unix(1_700_000_000, 0)
	for i := range historyBlocks + 1 {
		b := &ledger.Block{Header: ledger.BlockHeader{Epoch: uint64(i) + 1, Values: 2}}
		h.committed(b, start.Add(time.Duration(i)*time.Second), EpochView{For: time.Millisecond})
	}
	end := start.Add(historyBlocks * time.Second)
	a := h.activity(end)
	if len(a.Blocks) != historyBlocks || a.Blocks[0].Height != 2 || len(a.Seconds) != historySeconds {
		t.Errorf("%d blocks from %d on, %d seconds", len(a.Blocks), a.Blocks[0].Height, len(a.Seconds))
	}
	if a := h.activity(end.Add((historySeconds - 1) * time.Second)); len(a.Seconds) != 1 || a.Seconds[0].Unix != end.Unix() {
		t.Errorf("%+v", a.Seconds)
	}
	if a := h.activity(end.Add(historySeconds * time.Second)); len(a.Seconds) != 0 {
		t.Errorf("%+v", a.Seconds)
	}
}

// Many who ask get one answer, and an error is not kept.
func TestFresh(t *testing.T) {
	f := newFresh[int](time.Hour)
	found := 0
	find := func(context.Context) (int, error) { found++; return found, nil }
	broken := errors.New("broken")
	if _, err := f.get(t.Context(), func(context.Context) (int, error) { return 7, broken }); err != broken {
		t.Error(err)
	}
	for range 3 {
		if v, err := f.get(t.Context(), find); v != 1 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	}
	f.turn <- struct{}{} // somebody is looking it up
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.get(ctx, find); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A peer's answer is its word, and bounded.
func TestLinksOnTheWire(t *testing.T) {
	links := make([]Link, bft.MaxNodes)
	for i := range links {
		links[i] = Link{Up: true, RTT: math.MaxInt64, Faults: math.MaxUint64}
	}
	data := encodeLinks(links)
	if len(data) > maxReport {
		t.Errorf("%d bytes, at most %d", len(data), maxReport)
	}
	got, err := decodeLinks(data, 5, bft.MaxNodes)
	if err != nil || got[5] != (Link{}) || got[6].RTT != math.MaxUint32*time.Microsecond || got[6].Faults != math.MaxUint64 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, nodes := range []int{bft.MaxNodes - 1, bft.MaxNodes + 1, 0} {
		if _, err := decodeLinks(data, 5, nodes); !errors.Is(err, errReport) {
			t.Errorf("%d nodes: %v", nodes, err)
		}
	}
	down, err := decodeLinks(encodeLinks([]Link{{RTT: time.Second}, {}}), 1, 2)
	if err != nil || down[0].RTT != 0 {
		t.Errorf("a link that is down has a round-trip time: %+v, %v", down, err)
	}
}

func FuzzDecodeLinks(f *testing.F) {
	f.Add(encodeLinks(make([]Link, 4)))
	f.Add(encodeLinks([]Link{{Up: true, RTT: time.Millisecond, Faults: 3}, {}, {}, {}}))
	f.Add(codec.Marshal([]int{1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		links, err := decodeLinks(data, 1, 4)
		if (err == nil) != (len(links) == 4) {
			t.Fatalf("%d links, %v", len(links), err)
		}
		if err != nil {
			return
		}
		again, err := decodeLinks(encodeLinks(links), 1, 4)
		if err != nil {
			t.Fatal(err)
		}
		for i := range links {
			if links[i] != again[i] {
				t.Errorf("link %d: %+v, then %+v", i, links[i], again[i])
			}
		}
	})
}
