package acs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"abad/aba"
	"abad/bft"
	"abad/bft/bfttest"
	"abad/coin/cointest"
	"abad/rbc"
)

type network = bfttest.Net[In, Msg, Out]

type setup struct {
	n     int
	seed  uint64
	down  bft.IDSet
	bench bft.IDSet
}

// net makes the epoch at every node. Owners vouch for what they see, and hurry
// when they are asked to linger: at once in random runs, the adversary's worst; a
// message delay later in lock-step is what [network.Run] ends with.
func (c setup) net() *network {
	q, err := bft.NewQuorum(c.n)
	if err != nil {
		panic(err)
	}
	signers := cointest.Signers(c.n, q.Amplify(), c.seed)
	net := bfttest.New(c.n, func(id bft.ID) bft.Machine[In, Msg, Out] {
		if c.down.Has(id) {
			return nil
		}
		return New(Config{
			Quorum: q, Self: id, Bench: c.bench, Signer: signers[id],
			CoinName: func(slot bft.ID, round uint32) []byte { return fmt.Append(nil, slot, "/", round) },
		})
	})
	net.React = func(at bft.ID, depth int, out Out) {
		var err error
		switch out := out.(type) {
		case Seen:
			err = net.Input(at, depth, Held{Slot: out.Slot, Hash: out.Hash})
		case Linger:
			err = net.Input(at, depth, Hurry{})
		}
		if err != nil {
			panic(err)
		}
	}
	return net
}

func header(id bft.ID) []byte { return fmt.Append(nil, "header of ", id) }

func (c setup) propose(t *testing.T, net *network) {
	t.Helper()
	for id, node := range net.Nodes {
		if node == nil {
			continue
		}
		for b := range c.bench.All() {
			if net.Nodes[b] == nil {
				if err := net.Input(bft.ID(id), 0, Reject{b}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := net.Input(bft.ID(id), 0, Propose{header(bft.ID(id))}); err != nil {
			t.Fatal(err)
		}
	}
}

// result is what a node has at the end: the accepted slots with their headers.
type result struct {
	accepted string
	count    int
	depth    int // of Complete; -1 if it never came
}

func resultOf(net *network, at bft.ID) result {
	r := result{depth: -1}
	headers := map[bft.ID]string{}
	for _, o := range net.Outs[at] {
		switch out := o.Out.(type) {
		case Delivered:
			headers[out.Slot] = string(out.Header)
		case Complete:
			r.depth = o.Depth
		}
	}
	m := net.Nodes[at].(*Machine)
	for id := range m.cfg.Quorum.IDs() {
		if v, _ := m.slots[id].agreement.Decided(); v {
			r.count++
			r.accepted += fmt.Sprintf("%d=%s;", id, headers[id])
		}
	}
	return r
}

// The exact counts of the package comment, in lock-step.
func TestDelays(t *testing.T) {
	for _, n := range []int{4, 7, 16} {
		f := (n - 1) / 3
		last := func(k int) (s bft.IDSet) {
			for id := n - k; id < n; id++ {
				s.Add(bft.ID(id))
			}
			return s
		}
		for _, c := range []struct {
			name        string
			down, bench int
			want        int // all slots decided
			wantUp      int // the slots of nodes that are up decided 1
			wantDown    int // the slots of nodes that are down decided 0
			wantCount   int
		}{
			{"all up", 0, 0, 3, 3, 0, n},
			{"f crashed, benched", f, f, 4, 4, 2, n - f},
			{"f crashed by surprise", f, 0, 10, 4, 10, n - f},
			{"benched and back", 0, f, 3, 3, 0, n},
		} {
			s := setup{n: n, down: last(c.down), bench: last(c.bench)}
			net := s.net()
			s.propose(t, net)
			net.Run()
			for id, node := range net.Nodes {
				if node == nil {
					continue
				}
				r := resultOf(net, bft.ID(id))
				if r.depth != c.want || r.count != c.wantCount {
					t.Errorf("n=%d, %s: node %d completes after %d delays with %d slots, want %d with %d", n, c.name, id, r.depth, r.count, c.want, c.wantCount)
				}
				up, down := 0, 0
				for _, o := range net.Outs[id] {
					if d, ok := o.Out.(Decided); ok && d.Accepted {
						up = max(up, o.Depth)
					} else if ok {
						down = max(down, o.Depth)
					}
				}
				if up != c.wantUp || down != c.wantDown {
					t.Errorf("n=%d, %s: node %d decides 1 after %d delays and 0 after %d, want %d and %d", n, c.name, id, up, down, c.wantUp, c.wantDown)
				}
				if len(net.Faults[id]) > 0 {
					t.Errorf("n=%d, %s: node %d blames %v", n, c.name, id, net.Faults[id])
				}
				if !node.Done() && c.down == 0 {
					t.Errorf("n=%d, %s: node %d is not done", n, c.name, id)
				}
			}
		}
	}
}

// Random order, duplicates, faulty proposers that equivocate or send to a few,
// and random votes: the same subset with the same headers everywhere, n-2f slots
// at least, nothing in it that its correct proposer did not say.
func TestRandomRuns(t *testing.T) {
	smallest, equivocated := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := []int{1, 2, 3, 4, 4, 5, 7, 7, 8, 10}[r.IntN(10)]
		f := (n - 1) / 3
		s := setup{n: n, seed: seed}
		for range f {
			s.down.Add(bft.ID(r.IntN(n)))
			if r.IntN(2) == 0 {
				s.bench.Add(bft.ID(r.IntN(n)))
			}
		}
		net := s.net()
		net.Rand, net.Twice = r, r.IntN(2) == 0
		s.propose(t, net)
		for id := range s.down.All() {
			lie(net, r, id)
		}
		net.Run()
		var first result
		for id, node := range net.Nodes {
			if node == nil {
				continue
			}
			res := resultOf(net, bft.ID(id))
			if res.depth < 0 {
				t.Fatalf("seed %d: n=%d: node %d does not complete", seed, n, id)
			}
			if first.accepted == "" {
				first = res
			}
			if res.accepted != first.accepted {
				t.Fatalf("seed %d: node %d has %s, others %s", seed, id, res.accepted, first.accepted)
			}
			if res.count < n-2*f {
				t.Fatalf("seed %d: %d slots in, want at least n-2f = %d", seed, res.count, n-2*f)
			}
			if res.count < n-f {
				smallest++
			}
			for _, o := range net.Outs[id] {
				d, ok := o.Out.(Delivered)
				if ok && !s.down.Has(d.Slot) && string(d.Header) != string(header(d.Slot)) {
					t.Fatalf("seed %d: slot %d delivers %q", seed, d.Slot, d.Header)
				}
				if ok && s.down.Has(d.Slot) {
					equivocated++
				}
			}
			for _, fault := range net.Faults[id] {
				if !s.down.Has(fault.Peer) {
					t.Fatalf("seed %d: node %d blames correct node %d: %v", seed, id, fault.Peer, fault.Why)
				}
			}
		}
	}
	if equivocated == 0 {
		t.Error("no faulty proposer ever got a header in")
	}
	t.Logf("%d node results with fewer than n-f slots, %d headers of faulty proposers", smallest, equivocated)
}

func lie(net *network, r *rand.Rand, from bft.ID) {
	stories := [][]byte{[]byte("a"), []byte("b")}
	style := r.IntN(3)
	for to, node := range net.Nodes {
		if node == nil || style == 2 && r.IntN(2) == 0 {
			continue
		}
		send := func(m Msg) {
			if style == 0 || r.IntN(6) > 0 {
				net.Send(from, bft.ID(to), 0, m)
			}
		}
		story := stories[r.IntN(2)]
		if style == 0 {
			story = stories[0]
		}
		send(Msg{Slot: from, RBC: rbc.Msg{Kind: rbc.Val, Payload: story}})
		for slot := range net.Nodes {
			h := header(bft.ID(slot))
			if bft.ID(slot) == from {
				h = story
			}
			in := style == 0 || r.IntN(2) == 0
			if in {
				send(Msg{Slot: bft.ID(slot), RBC: rbc.Msg{Kind: rbc.Echo, Hash: bft.Sum(h)}})
				send(Msg{Slot: bft.ID(slot), RBC: rbc.Msg{Kind: rbc.Ready, Hash: bft.Sum(h)}, First: r.IntN(2) == 0})
			}
			for round := range uint32(5) {
				set := aba.Of(in)
				if round > 0 || !in {
					send(Msg{Slot: bft.ID(slot), ABA: aba.Msg{Kind: aba.BVal, Round: round, Values: set, First: round == 0}})
				}
				send(Msg{Slot: bft.ID(slot), ABA: aba.Msg{Kind: aba.Aux, Round: round, Values: set}})
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	for name, m := range map[string]Msg{
		"no part":      {},
		"both parts":   {RBC: rbc.Msg{Kind: rbc.Echo, Hash: bft.Sum(nil)}, ABA: aba.Msg{Kind: aba.Aux, Values: aba.One}},
		"slot 4 of 4":  {Slot: 4, RBC: rbc.Msg{Kind: rbc.Echo, Hash: bft.Sum(nil)}},
		"slot -1":      {Slot: -1, RBC: rbc.Msg{Kind: rbc.Echo, Hash: bft.Sum(nil)}},
		"first echo":   {First: true, RBC: rbc.Msg{Kind: rbc.Echo, Hash: bft.Sum(nil)}},
		"BVAL(0,1)":    {ABA: aba.Msg{Kind: aba.BVal, Values: aba.One}},
		"bad RBC part": {RBC: rbc.Msg{Kind: rbc.Echo}},
		"bad ABA part": {ABA: aba.Msg{Kind: aba.Aux}},
	} {
		net := setup{n: 4}.net()
		s := net.Nodes[0].Handle(2, m)
		if len(s.Faults) != 1 || s.Faults[0].Peer != 2 || len(s.Send)+len(s.Out) > 0 {
			t.Errorf("%s: %+v", name, s)
		}
		if _, err := Decode(q, m.Encode()); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
	if _, err := (setup{n: 4}).net().Nodes[0].Input(Reject{4}); !errors.Is(err, ErrSlot) {
		t.Errorf("reject of slot 4: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	q, _ := bft.NewQuorum(4)
	f.Add(Msg{Slot: 1, RBC: rbc.Msg{Kind: rbc.Ready, Hash: bft.Sum(nil)}, First: true}.Encode())
	f.Add(Msg{Slot: 3, ABA: aba.Msg{Kind: aba.Conf, Round: 3, Values: aba.Both}}.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(q, data)
		if err != nil {
			return
		}
		if again, err := Decode(q, m.Encode()); err != nil || fmt.Sprint(again) != fmt.Sprint(m) {
			t.Fatalf("%+v came back as %+v: %v", m, again, err)
		}
	})
}

func BenchmarkEpoch(b *testing.B) {
	for _, n := range []int{4, 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				net := setup{n: n}.net()
				for id := range net.Nodes {
					if err := net.Input(bft.ID(id), 0, Propose{header(bft.ID(id))}); err != nil {
						b.Fatal(err)
					}
				}
				net.Run()
				b.ReportMetric(float64(net.Sent), "msgs/epoch")
			}
		})
	}
}

// The picture of a slot shows who was heard: with node 3 down, nobody has its votes,
// and its own slot has none of the broadcast.
func TestSlotShowsWhoWasHeard(t *testing.T) {
	var down, up bft.IDSet
	down.Add(3)
	for _, id := range []bft.ID{0, 1, 2} {
		up.Add(id)
	}
	s := setup{n: 4, down: down}
	net := s.net()
	s.propose(t, net)
	m := net.Nodes[0].(*Machine)
	if sl := m.Slot(1); sl.Echo != (bft.IDSet{}) || sl.Ready != (bft.IDSet{}) || sl.Aux != (bft.IDSet{}) || sl.Seen {
		t.Errorf("before any message: %+v", sl)
	}
	auxes := false
	for net.RunSome(1) > 0 {
		for id := range m.cfg.Quorum.IDs() {
			sl := m.Slot(id)
			if sl.Echo.Has(3) || sl.Ready.Has(3) || sl.Aux.Has(3) {
				t.Fatalf("slot %d has a vote of a node that is down: %+v", id, sl)
			}
			auxes = auxes || id != 3 && sl.Aux == up && sl.AuxRound == 0
			if id == 3 && sl.AuxRound > sl.Rounds {
				t.Fatalf("AUX of round %d after %d rounds", sl.AuxRound, sl.Rounds)
			}
		}
	}
	if sl := m.Slot(1); sl.Echo != up || sl.Ready != up || !sl.Accepted || !auxes {
		t.Errorf("%+v, AUX of all seen: %v", sl, auxes)
	}
	if sl := m.Slot(3); sl.Echo != (bft.IDSet{}) || sl.Ready != (bft.IDSet{}) || !sl.Decided || sl.Accepted {
		t.Errorf("the slot of the node that is down: %+v", sl)
	}
}

// With enough slots in, a slot of which nothing was heard is out only when the owner
// says so, who is asked once; at once where the last epochs had nothing of it either.
func TestNothingIsRejectedBeforeHurry(t *testing.T) {
	var down bft.IDSet
	down.Add(3)
	for _, bench := range []bft.IDSet{{}, down} {
		s := setup{n: 4, down: down, bench: bench}
		net := s.net()
		lingering := map[bft.ID]int{}
		net.React = func(at bft.ID, depth int, out Out) {
			switch out := out.(type) {
			case Seen:
				if err := net.Input(at, depth, Held{Slot: out.Slot, Hash: out.Hash}); err != nil {
					t.Fatal(err)
				}
			case Linger:
				lingering[at]++
			}
		}
		s.propose(t, net)
		net.Run()
		for id := range bft.ID(3) {
			sl := net.Nodes[id].(*Machine).Slot(3)
			if benched := bench.Has(3); lingering[id] != 1 || sl.Rejected != benched || sl.Decided != benched {
				t.Errorf("benched %v: node %d asks to wait %d times, then %+v", benched, id, lingering[id], sl)
			}
			if err := net.Input(id, 0, Hurry{}); err != nil {
				t.Fatal(err)
			}
		}
		net.Run()
		for id := range bft.ID(3) {
			if sl := net.Nodes[id].(*Machine).Slot(3); !sl.Rejected || !sl.Decided || sl.Accepted {
				t.Errorf("node %d, hurried: %+v", id, sl)
			}
		}
	}
}
