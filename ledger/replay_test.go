package ledger

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"abad/bft"
)

// crowd is a cluster with drivers as real ones are: what a node says to itself
// waits until the step is over, and is then heard before anything else.
type crowd struct {
	w       *world // for keys and batches
	nodes   []*Machine
	journal []map[uint64][]Entry
	said    []map[uint64][]string // to peers, by epoch
	net     []packetTo
	blocks  [][]Committed
}

type packetTo struct {
	from, to bft.ID
	msg      Msg
}

func newCrowd(t *testing.T, seed uint64) *crowd {
	c := &crowd{w: newWorld(t, 4, seed)}
	for id := range 4 {
		c.nodes = append(c.nodes, New(c.w.config(bft.ID(id))))
		c.journal, c.said = append(c.journal, map[uint64][]Entry{}), append(c.said, map[uint64][]string{})
	}
	c.blocks = make([][]Committed, 4)
	for id := range 4 {
		for peer := range 4 {
			c.input(bft.ID(id), Link{Peer: bft.ID(peer), Up: true})
		}
		c.input(bft.ID(id), Resume{})
	}
	return c
}

func (c *crowd) input(at bft.ID, in In) {
	step, err := c.nodes[at].Input(in)
	if err != nil {
		c.w.t.Fatal(err)
	}
	c.absorb(at, step)
}

func (c *crowd) absorb(at bft.ID, step Step) {
	var self []Msg
	sort := func(s Step) {
		for _, e := range s.Send {
			if e.To == bft.Everyone {
				self = append(self, e.Msg)
			}
			c.said[at][e.Msg.Epoch] = append(c.said[at][e.Msg.Epoch], fmt.Sprint(e.To, e.Msg))
			for to := range bft.ID(4) {
				if to != at && (e.To == to || e.To == bft.Everyone) {
					c.net = append(c.net, packetTo{at, to, e.Msg})
				}
			}
		}
		for _, out := range s.Out {
			switch out := out.(type) {
			case Journal:
				c.journal[at][out.Epoch] = append(c.journal[at][out.Epoch], out.Entry)
			case Committed:
				c.blocks[at] = append(c.blocks[at], out)
			}
		}
	}
	for sort(step); len(self) > 0; {
		msg := self[0]
		self = self[1:]
		sort(c.nodes[at].Handle(at, msg))
	}
}

// replay brings a node back from blocks and journal, and gives what it says. In
// order, it hears itself where it had; else after every call.
func (c *crowd) replay(at bft.ID, inOrder bool) map[uint64][]string {
	t := c.w.t
	m, said := New(c.w.config(at)), map[uint64][]string{}
	for _, b := range c.blocks[at] {
		if err := m.Restore(b.Block, b.Values, false); err != nil {
			t.Fatal(err)
		}
	}
	for e := uint64(1); e <= m.Height()+DefaultEpochs; e++ {
		var self []Msg
		take := func(s Step) {
			for _, env := range s.Send {
				said[e] = append(said[e], fmt.Sprint(env.To, env.Msg))
				if env.To == bft.Everyone {
					self = append(self, env.Msg)
				}
			}
		}
		hear := func(until uint64) {
			for len(self) > 0 && m.Heard(e) < until {
				msg := self[0]
				self = self[1:]
				take(m.Handle(at, msg))
			}
		}
		for _, entry := range c.journal[at][e] {
			entry, err := DecodeEntry(m.cfg.Quorum, entry.Encode())
			if err != nil {
				t.Fatal(err)
			}
			hear(entry.Heard)
			step, err := m.Replay(e, entry)
			if err != nil {
				t.Fatal(err)
			}
			take(step)
			if !inOrder {
				hear(1 << 62)
			}
		}
		hear(1 << 62)
	}
	return said
}

// A replay says what the node had said, message by message: also where one step
// had made several calls, such as when one batch was missing for several headers.
// Heard after every call instead, the node's own messages lead to something else.
func TestReplaySaysTheSame(t *testing.T) {
	differ := 0
	for seed := range uint64(60) {
		c := newCrowd(t, seed)
		r := rand.New(rand.NewPCG(seed, 9))
		type hold struct {
			at bft.ID
			in Hold
		}
		var late []hold
		for i := range uint64(24) {
			d := c.w.batch(bft.ID(i%4), i)
			for id := range bft.ID(4) {
				h := hold{id, Hold{Digest: d, Maker: c.w.makers[d], Values: c.w.batches[d]}}
				if id == c.w.makers[d] {
					c.input(id, h.in)
				} else {
					late = append(late, h)
				}
			}
			for range r.IntN(40) {
				if len(late) > 0 && r.IntN(12) == 0 {
					k := r.IntN(len(late))
					h := late[k]
					late = slices.Delete(late, k, k+1)
					c.input(h.at, h.in)
				} else if len(c.net) > 0 {
					c.deliver(r.IntN(len(c.net)))
				}
			}
			if r.IntN(3) == 0 {
				id := bft.ID(r.IntN(4))
				c.input(id, Link{Peer: bft.ID(r.IntN(4)), Up: r.IntN(2) == 0})
				c.input(id, Hurried{Epoch: c.nodes[id].Height() + 1})
			}
		}
		for id := range bft.ID(4) {
			was, again := c.said[id], c.replay(id, true)
			for e := range was {
				if !slices.Equal(was[e], again[e]) {
					t.Fatalf("seed %d, node %d, epoch %d: it had said\n%v\nand says\n%v", seed, id, e, was[e], again[e])
				}
			}
			for e, other := range c.replay(id, false) {
				if !slices.Equal(other, was[e]) {
					differ++
				}
			}
		}
	}
	if differ == 0 {
		t.Error("the order makes no difference: the test tests nothing")
	}
	t.Logf("in another order, %d epochs come out with other messages", differ)
}

// deliver gives a packet to its node, if its time has come.
func (c *crowd) deliver(k int) {
	p := c.net[k]
	if p.msg.Epoch > c.nodes[p.to].Height()+DefaultEpochs {
		return
	}
	c.net = slices.Delete(c.net, k, k+1)
	c.absorb(p.to, c.nodes[p.to].Handle(p.from, p.msg))
	c.absorb(p.to, c.nodes[p.to].Handle(p.from, p.msg)) // as a link does after a reconnect
}

// Whatever a faulty node repeats or takes back, the journal does not grow.
func TestRepeatsAreNotJournaled(t *testing.T) {
	c := newCrowd(t, 1)
	d := c.w.batch(1, 1)
	for id := range bft.ID(4) {
		c.input(id, Hold{Digest: d, Maker: 1, Values: c.w.batches[d]})
	}
	var heard []packetTo
	for len(c.net) > 0 {
		if c.net[0].to == 0 {
			heard = append(heard, c.net[0])
		}
		c.deliver(0)
	}
	entries := len(c.journal[0][1])
	if entries == 0 || len(heard) == 0 || c.nodes[0].Height() != 1 {
		t.Fatalf("%d entries of %d messages, height %d", entries, len(heard), c.nodes[0].Height())
	}
	for range 100 {
		for _, p := range heard {
			c.absorb(0, c.nodes[0].Handle(p.from, p.msg))
			if rbc := &p.msg.ACS.RBC; !rbc.Hash.IsZero() {
				rbc.Hash[0]++ // a vote for something else
				c.absorb(0, c.nodes[0].Handle(p.from, p.msg))
			}
		}
	}
	if got := len(c.journal[0][1]); got != entries {
		t.Errorf("the journal of %d entries has %d after repeats", entries, got)
	}
}
