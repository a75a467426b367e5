package acs

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"abad/bft"
)

// doubter runs an epoch twice: one machine hears everything, and all of it twice
// over; the other one only what told the first one something new.
type doubter struct {
	t         *testing.T
	all, lean *Machine
	stale     *int
}

func (d doubter) Done() bool { return d.all.Done() }

func (d doubter) Input(in In) (Step, error) {
	step, err := d.all.Input(in)
	other, _ := d.lean.Input(in)
	d.same("input", in, step, other)
	return step, err
}

func (d doubter) Handle(from bft.ID, msg Msg) Step {
	step := d.all.Handle(from, msg)
	if step.Stale {
		*d.stale++
		d.silent(msg, step)
	} else {
		d.same("message", msg, step, d.lean.Handle(from, msg))
	}
	again := d.all.Handle(from, msg)
	if !again.Stale {
		d.t.Fatalf("%s from %d told something twice: %+v", msg.Kind(), from, msg)
	}
	d.silent(msg, again)
	return step
}

func (d doubter) silent(msg Msg, step Step) {
	if len(step.Send)+len(step.Out) > 0 {
		d.t.Fatalf("stale %s has effects: %+v", msg.Kind(), step)
	}
}

func (d doubter) same(what string, in any, a, b Step) {
	if fmt.Sprint(a.Send, a.Out) != fmt.Sprint(b.Send, b.Out) {
		d.t.Fatalf("%s %+v: with stale messages\n%+v\nwithout\n%+v", what, in, a, b)
	}
}

// A machine that never hears what was stale says the same, word by word; so what is
// stale need not be journaled.
func TestStaleMessagesChangeNothing(t *testing.T) {
	stale := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 11))
		n := []int{1, 4, 4, 7}[r.IntN(4)]
		s := setup{n: n, seed: seed}
		for range (n - 1) / 3 {
			s.down.Add(bft.ID(r.IntN(n)))
			s.bench.Add(bft.ID(r.IntN(n)))
		}
		net, twin := s.net(), s.net()
		for id, node := range net.Nodes {
			if node != nil {
				net.Nodes[id] = doubter{t, node.(*Machine), twin.Nodes[id].(*Machine), &stale}
			}
		}
		net.Rand, net.Twice = r, true
		s.propose(t, net)
		for id := range s.down.All() {
			lie(net, r, id)
			lie(net, r, id)
		}
		net.Run()
		for id, node := range net.Nodes {
			if node != nil && !node.(doubter).all.complete {
				t.Fatalf("seed %d: node %d does not complete", seed, id)
			}
		}
	}
	if stale == 0 {
		t.Error("nothing was stale: the test tests nothing")
	}
}
