package aba

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"abad/bft"
	"abad/bft/bfttest"
	"abad/coin/cointest"
)

type network = bfttest.Net[bool, Msg, Decided]

// setup describes an instance of n nodes; those in down say nothing, unless the
// test speaks for them.
type setup struct {
	n               int
	bias, repropose bool
	seed            uint64
	down            bft.IDSet
}

func (c setup) net() *network {
	q, err := bft.NewQuorum(c.n)
	if err != nil {
		panic(err)
	}
	signers := cointest.Signers(c.n, q.Amplify(), c.seed)
	return bfttest.New(c.n, func(id bft.ID) bft.Machine[bool, Msg, Decided] {
		if c.down.Has(id) {
			return nil
		}
		return New(Config{
			Quorum: q, Signer: signers[id], Bias: c.bias, Repropose: c.repropose,
			CoinName: func(round uint32) []byte { return fmt.Append(nil, "test/", round) },
		})
	})
}

// check demands one decision everywhere, without blame, and that every node has
// halted. It returns the value and the latest delay.
func check(t *testing.T, net *network) (value bool, depth int) {
	t.Helper()
	first := true
	for id, node := range net.Nodes {
		if node == nil {
			continue
		}
		outs := net.Outs[id]
		if len(outs) != 1 {
			t.Fatalf("node %d decided %d times", id, len(outs))
		}
		if !first && outs[0].Out.Value != value {
			t.Fatalf("node %d decided %v, others %v", id, outs[0].Out.Value, value)
		}
		first, value, depth = false, outs[0].Out.Value, max(depth, outs[0].Depth)
		for _, f := range net.Faults[id] {
			if net.Nodes[f.Peer] != nil {
				t.Fatalf("node %d blames correct node %d: %v", id, f.Peer, f.Why)
			}
		}
		if !node.Done() {
			t.Errorf("node %d has not halted", id)
		}
	}
	return value, depth
}

// Lock-step delays when all vote alike: one if everybody does (unanimity), two
// for the bias if f nodes are down (BVAL, AUX).
func TestDelays(t *testing.T) {
	for _, n := range []int{4, 7, 16} {
		f := (n - 1) / 3
		for _, c := range []struct {
			name                 string
			vote, bias, repropos bool
			down, want           int
		}{
			{"all 1", true, true, true, 0, 1},
			{"all 1 against the bias", true, false, true, 0, 1},
			{"all 0", false, true, false, 0, 1},
			{"all 0, re-propose allowed", false, false, true, 0, 2},
			{"n-f 1", true, true, false, f, 2},
			{"n-f 0 with bias 0", false, false, true, f, 2},
			{"n-f 0 with bias 1", false, true, true, f, 6},
		} {
			s := setup{n: n, bias: c.bias, repropose: c.repropos}
			for id := range c.down {
				s.down.Add(bft.ID(n - 1 - id))
			}
			net := s.net()
			for id := range n - c.down {
				if err := net.Input(bft.ID(id), 0, c.vote); err != nil {
					t.Fatal(err)
				}
			}
			net.Run()
			value, depth := check(t, net)
			if value != c.vote || depth != c.want {
				t.Errorf("n=%d, %s: decided %v after %d delays, want %v after %d", n, c.name, value, depth, c.vote, c.want)
			}
			for id, node := range net.Nodes {
				if node != nil && node.(*Machine).Coins() > 0 {
					t.Errorf("n=%d, %s: node %d took a coin", n, c.name, id)
				}
			}
		}
	}
}

// Agreement, validity and termination with random inputs, in random order, with
// every message duplicated, and with faulty nodes that send random votes of all
// kinds to everybody.
func TestRandomRuns(t *testing.T) {
	coins, zeros, ones := 0, 0, 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := []int{1, 2, 3, 4, 4, 4, 5, 6, 7, 10}[r.IntN(10)]
		s := setup{n: n, seed: seed, bias: r.IntN(2) == 0, repropose: r.IntN(2) == 0}
		for range (n - 1) / 3 {
			s.down.Add(bft.ID(r.IntN(n)))
		}
		net := s.net()
		net.Rand, net.Twice = r, r.IntN(2) == 0
		inputs := None
		for id, node := range net.Nodes {
			if node == nil {
				lie(net, r, bft.ID(id))
				continue
			}
			v := r.IntN(2) == 0
			inputs |= Of(v)
			if err := net.Input(bft.ID(id), 0, v); err != nil {
				t.Fatal(err)
			}
			if !v && s.repropose && r.IntN(4) == 0 {
				inputs |= One
				if err := net.Input(bft.ID(id), 0, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		net.Run()
		value, _ := check(t, net)
		if !inputs.Has(value) {
			t.Fatalf("seed %d: decided %v, which no correct node put in", seed, value)
		}
		if value {
			ones++
		} else {
			zeros++
		}
		for _, node := range net.Nodes {
			if node != nil && node.(*Machine).Coins() > 0 {
				coins++
				break
			}
		}
	}
	if coins == 0 || zeros == 0 || ones == 0 {
		t.Errorf("the runs are all alike: %d zeros, %d ones, %d with a coin", zeros, ones, coins)
	}
	t.Logf("%d zeros, %d ones, %d runs with a coin", zeros, ones, coins)
}

// lie sends votes of a faulty node: per recipient consistent in one half of the
// cases, random in the other.
func lie(net *network, r *rand.Rand, from bft.ID) {
	for to, node := range net.Nodes {
		if node == nil {
			continue
		}
		face := Of(r.IntN(2) == 0)
		for round := range uint32(8) {
			set := face
			if r.IntN(2) == 0 {
				set = Of(r.IntN(2) == 0)
			}
			msgs := []Msg{
				{Kind: BVal, Round: round, Values: set, First: round == 0 && r.IntN(2) == 0},
				{Kind: BVal, Round: round, Values: Both &^ set},
				{Kind: Aux, Round: round, Values: set},
			}
			if Random(round) {
				msgs = append(msgs, Msg{Kind: Conf, Round: round, Values: 1 + Set(r.IntN(3))},
					Msg{Kind: Share, Round: round, Share: make([]byte, 48)})
			}
			if r.IntN(10) == 0 {
				msgs = append(msgs, Msg{Kind: Decide, Values: set})
			}
			for _, m := range msgs {
				if r.IntN(5) > 0 {
					net.Send(from, bft.ID(to), 0, m)
				}
			}
		}
	}
}

// With re-propose, n zeros must not decide at once: every node may still follow
// its 0 with a 1. Here they all do, before any other vote has arrived, and the
// scheduler lets one node see the n zeros first.
func TestZerosAreNotUnanimousUnderRepropose(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	for _, repropose := range []bool{true, false} {
		m := New(Config{Quorum: q, Signer: cointest.Signers(4, 2, 1)[0], Bias: true, Repropose: repropose})
		decided := false
		for id := range q.IDs() {
			s := m.Handle(id, Msg{Kind: BVal, Values: Zero, First: true})
			decided = decided || len(s.Out) > 0
		}
		if decided == repropose {
			t.Errorf("re-propose %v: n zeros decide at once: %v", repropose, decided)
		}
	}
}

// Unanimity takes all n nodes, first votes, and nobody for the other value. That nothing
// else can be decided takes the first votes alone.
func TestUnanimityIsStrict(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	yes := Msg{Kind: BVal, Values: One, First: true}
	for _, c := range []struct {
		name string
		from []bft.ID
		msgs []Msg
		want bool
		all  bool
	}{
		{"all", []bft.ID{0, 1, 2, 3}, []Msg{yes, yes, yes, yes}, true, true},
		{"n-f", []bft.ID{0, 1, 2}, []Msg{yes, yes, yes}, false, false},
		{"not first", []bft.ID{0, 1, 2, 3}, []Msg{yes, yes, yes, {Kind: BVal, Values: One}}, false, false},
		{"somebody for 0", []bft.ID{3, 0, 1, 2, 3}, []Msg{{Kind: BVal, Values: Zero}, yes, yes, yes, yes}, false, true},
		{"somebody first for 0", []bft.ID{3, 0, 1, 2, 3}, []Msg{{Kind: BVal, Values: Zero, First: true}, yes, yes, yes, yes}, false, false},
	} {
		m := New(Config{Quorum: q, Signer: cointest.Signers(4, 2, 1)[0], Bias: true})
		got := false
		for i, msg := range c.msgs {
			got = got || len(m.Handle(c.from[i], msg).Out) > 0
		}
		if got != c.want {
			t.Errorf("%s: decided %v", c.name, got)
		}
		if m.Unanimous() != c.all {
			t.Errorf("%s: unanimous %v", c.name, m.Unanimous())
		}
	}
}

// A node that has decided goes on for f+1 others and for nobody less: one liar's
// votes in rounds far ahead move nobody.
func TestDecidedNodesAreNotDriven(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	m := New(Config{Quorum: q, Signer: cointest.Signers(4, 2, 1)[0], Bias: true})
	for _, kind := range []Kind{BVal, Aux} {
		for id := range bft.ID(3) {
			m.Handle(id, Msg{Kind: kind, Values: One, First: kind == BVal})
		}
	}
	if _, decided := m.Decided(); !decided {
		t.Fatal("three votes do not decide")
	}
	for _, round := range []uint32{1, 2, MaxAhead} {
		for _, kind := range []Kind{BVal, Aux} {
			if s := m.Handle(3, Msg{Kind: kind, Round: round, Values: One}); len(s.Send) > 0 {
				t.Errorf("a single %v of round %d makes it send %+v", kind, round, s.Send)
			}
		}
	}
	if s := m.Handle(2, Msg{Kind: BVal, Round: 1, Values: One}); len(s.Send) == 0 || s.Send[0].Msg.Round != 1 {
		t.Errorf("f+1 nodes are in round 1 and it sends %+v", s.Send)
	}
}

func TestFaultsAndErrors(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	fresh := func() *Machine {
		return New(Config{Quorum: q, Signer: cointest.Signers(4, 2, 1)[0], CoinName: func(uint32) []byte { return []byte("c") }})
	}
	for _, c := range []struct {
		name string
		msgs []Msg
		want error
	}{
		{"two AUX", []Msg{{Kind: Aux, Values: One}, {Kind: Aux, Values: Zero}}, ErrConflict},
		{"two CONF", []Msg{{Kind: Conf, Round: 3, Values: One}, {Kind: Conf, Round: 3, Values: Both}}, ErrConflict},
		{"two DECIDE", []Msg{{Kind: Decide, Values: One}, {Kind: Decide, Values: Zero}}, ErrConflict},
		{"two first votes", []Msg{{Kind: BVal, Values: One, First: true}, {Kind: BVal, Values: Zero, First: true}}, ErrConflict},
		{"BVAL of both", []Msg{{Kind: BVal, Values: Both}}, ErrMalformed},
		{"AUX of none", []Msg{{Kind: Aux}}, ErrMalformed},
		{"CONF in a fixed round", []Msg{{Kind: Conf, Round: 2, Values: One}}, ErrMalformed},
		{"CONF of more than both", []Msg{{Kind: Conf, Round: 3, Values: 7}}, ErrMalformed},
		{"SHARE in a fixed round", []Msg{{Kind: Share, Share: make([]byte, 48)}}, ErrMalformed},
		{"empty SHARE", []Msg{{Kind: Share, Round: 3}}, ErrMalformed},
		{"first in round 1", []Msg{{Kind: BVal, Round: 1, Values: One, First: true}}, ErrMalformed},
		{"nothing", []Msg{{}}, ErrMalformed},
		{"unknown kind", []Msg{{Kind: Decide + 1, Values: One}}, ErrMalformed},
	} {
		m := fresh()
		var faults []bft.Fault
		for _, msg := range append(c.msgs, c.msgs[0]) {
			faults = append(faults, m.Handle(2, msg).Faults...)
		}
		if len(faults) == 0 || faults[0].Peer != 2 || !errors.Is(faults[0].Why, c.want) {
			t.Errorf("%s: %v", c.name, faults)
		}
	}

	legal := fresh()
	for _, msg := range []Msg{{Kind: BVal, Values: One, First: true}, {Kind: BVal, Values: Zero}, {Kind: BVal, Values: Zero}} {
		if s := legal.Handle(1, msg); len(s.Faults) > 0 {
			t.Errorf("a BVAL for each value is legal: %v", s.Faults)
		}
	}
	for _, round := range []uint32{MaxAhead, MaxAhead + 1} {
		legal.Handle(1, Msg{Kind: Aux, Round: round, Values: One})
	}
	if len(legal.rounds) != MaxAhead+1 {
		t.Errorf("%d rounds kept, want %d", len(legal.rounds), MaxAhead+1)
	}

	for _, c := range []struct {
		repropose bool
		inputs    []bool
		ok        bool
	}{
		{true, []bool{false, true}, true},
		{false, []bool{false, true}, false},
		{true, []bool{true, false}, false},
		{true, []bool{true, true}, false},
		{true, []bool{false, false}, false},
	} {
		m := New(Config{Quorum: q, Repropose: c.repropose})
		var err error
		for _, v := range c.inputs {
			_, err = m.Input(v)
		}
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrInput) {
			t.Errorf("inputs %v, re-propose %v: %v", c.inputs, c.repropose, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Msg{Kind: BVal, Values: One, First: true}.Encode())
	f.Add(Msg{Kind: Share, Round: 3, Share: make([]byte, 48)}.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil {
			return
		}
		if again, err := Decode(m.Encode()); err != nil || fmt.Sprint(again) != fmt.Sprint(m) {
			t.Fatalf("%+v came back as %+v: %v", m, again, err)
		}
	})
}

// FuzzDeliveries lets the bytes choose who hears what from whom.
func FuzzDeliveries(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, votes uint8) {
		if len(data) > 200 {
			return
		}
		s := setup{n: 4, bias: votes&16 != 0, repropose: votes&32 != 0}
		s.down.Add(3)
		net := s.net()
		for i := 0; i+3 < len(data); i += 4 {
			net.Send(3, bft.ID(data[i]%3), 0, Msg{
				Kind: Kind(data[i+1] % 7), Round: uint32(data[i+1] >> 4),
				Values: Set(data[i+2] % 5), First: data[i+2]&128 != 0, Share: data[i+3 : i+3+int(data[i+2]>>6&1)],
			})
		}
		seed := uint64(votes)
		for _, b := range data {
			seed = seed*131 + uint64(b)
		}
		net.Rand = rand.New(rand.NewPCG(seed, 1))
		for id := range bft.ID(3) {
			if err := net.Input(id, 0, votes&(1<<id) != 0); err != nil {
				t.Fatal(err)
			}
		}
		net.Run()
		check(t, net)
	})
}

func BenchmarkUnanimous16(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		net := setup{n: 16, bias: true}.net()
		for id := range bft.ID(16) {
			if err := net.Input(id, 0, true); err != nil {
				b.Fatal(err)
			}
		}
		net.Run()
	}
}
