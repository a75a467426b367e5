package rbc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"abad/bft"
	"abad/bft/bfttest"
)

type network = bfttest.Net[In, Msg, Out]

// newNet makes n nodes of which those in down are faulty: the test speaks for
// them. Every correct owner vouches for whatever it sees.
func newNet(t *testing.T, n int, proposer bft.ID, down ...bft.ID) *network {
	t.Helper()
	q, err := bft.NewQuorum(n)
	if err != nil {
		t.Fatal(err)
	}
	net := bfttest.New(n, func(id bft.ID) bft.Machine[In, Msg, Out] {
		for _, d := range down {
			if d == id {
				return nil
			}
		}
		return New(q, id, proposer)
	})
	net.React = func(at bft.ID, depth int, out Out) {
		if seen, ok := out.(Seen); ok {
			if err := net.Input(at, depth, Held{Hash: seen.Hash}); err != nil {
				t.Errorf("held: %v", err)
			}
		}
	}
	return net
}

func delivered(net *network, at bft.ID) (payloads []string, depth int) {
	for _, o := range net.Outs[at] {
		if d, ok := o.Out.(Delivered); ok {
			payloads, depth = append(payloads, string(d.Payload)), o.Depth
		}
	}
	return payloads, depth
}

// Validity: what a correct proposer sends, every correct node delivers, once, in
// three message delays, in any order and with every message duplicated.
func TestValidity(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7, 16} {
		for seed := range uint64(20) {
			net := newNet(t, n, 0)
			if seed > 0 {
				net.Rand, net.Twice = rand.New(rand.NewPCG(seed, 0)), true
			}
			if err := net.Input(0, 0, Propose{[]byte("p")}); err != nil {
				t.Fatal(err)
			}
			net.Run()
			for id := range net.Nodes {
				got, depth := delivered(net, bft.ID(id))
				if len(got) != 1 || got[0] != "p" {
					t.Fatalf("n=%d seed=%d: node %d delivered %q", n, seed, id, got)
				}
				if seed == 0 && n > 3 && depth != 3 {
					t.Errorf("n=%d: node %d delivered after %d delays", n, id, depth)
				}
				if len(net.Faults[id]) > 0 {
					t.Errorf("n=%d seed=%d: correct nodes blamed: %v", n, seed, net.Faults[id])
				}
			}
		}
	}
}

// Agreement and totality when the proposer tells two stories: no two correct
// nodes deliver differently, and if one delivers all do, those by FETCH that were
// told the other story.
func TestEquivocatingProposer(t *testing.T) {
	outcomes := map[int]int{}
	fetched := false
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := []int{4, 7, 10}[seed%3]
		net := newNet(t, n, 0, 0)
		net.Rand = r
		split := 1 + r.IntN(n-1)
		for to := 1; to < n; to++ {
			story := "a"
			if to > split {
				story = "b"
			}
			net.Send(0, bft.ID(to), 0, Msg{Kind: Val, Payload: []byte(story)})
			for _, s := range []string{"a", "b"} { // and supports both of them
				if r.IntN(3) > 0 {
					net.Send(0, bft.ID(to), 0, Msg{Kind: Echo, Hash: bft.Sum([]byte(s))})
				}
				if r.IntN(3) > 0 {
					net.Send(0, bft.ID(to), 0, Msg{Kind: Ready, Hash: bft.Sum([]byte(s))})
				}
			}
		}
		net.Run()
		count, story := 0, ""
		for id := 1; id < n; id++ {
			got, _ := delivered(net, bft.ID(id))
			if len(got) > 1 || count > 0 && len(got) == 1 && got[0] != story {
				t.Fatalf("seed=%d: node %d delivered %q, others %q", seed, id, got, story)
			}
			if len(got) == 1 {
				count, story = count+1, got[0]
				fetched = fetched || string(net.Nodes[id].(*Machine).val) != story
			}
		}
		if count != 0 && count != n-1 {
			t.Fatalf("seed=%d n=%d: %d of %d correct nodes delivered", seed, n, count, n-1)
		}
		outcomes[min(count, 1)]++
	}
	if outcomes[0] == 0 || outcomes[1] == 0 || !fetched {
		t.Errorf("the test is blunt: outcomes %v, fetched %v", outcomes, fetched)
	}
}

// Totality when the proposer sends to f+1 nodes only, and its faulty friends help
// one correct node to deliver: the nodes that never saw the header fetch it.
func TestProposerSendsToAFew(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	net := newNet(t, 4, 0, 0)
	payload := []byte("p")
	h := bft.Sum(payload)
	for _, to := range []bft.ID{1, 2} {
		net.Send(0, to, 0, Msg{Kind: Val, Payload: payload})
	}
	for to := bft.ID(1); to < 4; to++ {
		net.Send(0, to, 0, Msg{Kind: Echo, Hash: h})
	}
	net.Run()
	if got := q.Amplify(); got != 2 {
		t.Fatalf("f+1 = %d", got)
	}
	for id := bft.ID(1); id < 4; id++ {
		if got, _ := delivered(net, id); len(got) != 1 || got[0] != "p" {
			t.Errorf("node %d delivered %q", id, got)
		}
	}
}

// A node does not vouch for what its owner does not hold, and one ECHO too few
// delivers nowhere.
func TestNothingWithoutHeld(t *testing.T) {
	net := newNet(t, 4, 0)
	react := net.React
	net.React = func(at bft.ID, depth int, out Out) {
		if at < 2 {
			react(at, depth, out)
		}
	}
	if err := net.Input(0, 0, Propose{[]byte("p")}); err != nil {
		t.Fatal(err)
	}
	net.Run()
	for id := range net.Nodes {
		if got, _ := delivered(net, bft.ID(id)); len(got) > 0 {
			t.Errorf("node %d delivered %q with two ECHO of four nodes", id, got)
		}
	}
	if err := net.Input(2, 1, Held{Hash: bft.Sum([]byte("p"))}); err != nil {
		t.Fatal(err)
	}
	net.Run()
	for id := range net.Nodes {
		if got, _ := delivered(net, bft.ID(id)); len(got) != 1 {
			t.Errorf("node %d delivered %q with three ECHO of four nodes", id, got)
		}
	}
}

func TestFaultsAndErrors(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	h1, h2 := bft.Sum([]byte("a")), bft.Sum([]byte("b"))
	for _, c := range []struct {
		name string
		from bft.ID
		msgs []Msg
		want error
	}{
		{"impostor", 2, []Msg{{Kind: Val, Payload: []byte("x")}}, ErrImpostor},
		{"two headers", 1, []Msg{{Kind: Val, Payload: []byte("x")}, {Kind: Val, Payload: []byte("y")}}, ErrConflict},
		{"two echoes", 3, []Msg{{Kind: Echo, Hash: h1}, {Kind: Echo, Hash: h2}}, ErrConflict},
		{"two readies", 3, []Msg{{Kind: Ready, Hash: h1}, {Kind: Ready, Hash: h2}}, ErrConflict},
		{"empty header", 1, []Msg{{Kind: Val}}, ErrMalformed},
		{"large header", 1, []Msg{{Kind: Val, Payload: make([]byte, MaxPayload+1)}}, ErrMalformed},
		{"no hash", 1, []Msg{{Kind: Echo}}, ErrMalformed},
		{"no kind", 1, []Msg{{}}, ErrMalformed},
		{"unknown kind", 1, []Msg{{Kind: Found + 1}}, ErrMalformed},
	} {
		m := New(q, 0, 1)
		var faults []bft.Fault
		for _, msg := range append(c.msgs, c.msgs[0]) { // a repeat is nothing
			faults = append(faults, m.Handle(c.from, msg).Faults...)
		}
		if len(faults) == 0 || faults[0].Peer != c.from || !errors.Is(faults[0].Why, c.want) {
			t.Errorf("%s: %v", c.name, faults)
		}
	}
	m := New(q, 1, 1)
	for _, in := range []In{Propose{nil}, Propose{make([]byte, MaxPayload+1)}, Held{h1}} {
		if _, err := m.Input(in); err == nil {
			t.Errorf("%T accepted", in)
		}
	}
	if _, err := m.Input(Propose{make([]byte, MaxPayload)}); err != nil {
		t.Errorf("the largest header: %v", err)
	}
	if _, err := m.Input(Propose{[]byte("2")}); !errors.Is(err, ErrNotProposer) {
		t.Errorf("a second proposal: %v", err)
	}
}

// A liar that answers FETCH with something else is blamed, and an answer that
// nobody asked for is not looked at.
func TestWrongAnswerToFetch(t *testing.T) {
	q, _ := bft.NewQuorum(4)
	m := New(q, 0, 1)
	h := bft.Sum([]byte("p"))
	if s := m.Handle(2, Msg{Kind: Found, Payload: []byte("p")}); len(s.Out)+len(s.Faults) > 0 {
		t.Errorf("unasked answer: %+v", s)
	}
	var asked []bft.ID
	for id := bft.ID(1); id < 4; id++ {
		for _, k := range []Kind{Echo, Ready} {
			for _, e := range m.Handle(id, Msg{Kind: k, Hash: h}).Send {
				if e.Msg.Kind == Fetch {
					asked = append(asked, e.To)
				}
			}
		}
	}
	if fmt.Sprint(asked) != "[1 2]" {
		t.Fatalf("asked %v, want f+1 of those who echoed", asked)
	}
	if s := m.Handle(1, Msg{Kind: Found, Payload: []byte("q")}); len(s.Faults) != 1 || !errors.Is(s.Faults[0].Why, ErrWrongPayload) {
		t.Errorf("wrong answer: %+v", s)
	}
	if s := m.Handle(2, Msg{Kind: Found, Payload: []byte("p")}); len(s.Out) != 1 {
		t.Errorf("right answer: %+v", s)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Msg{Kind: Val, Payload: []byte("p")}.Encode())
	f.Add(Msg{Kind: Ready, Hash: bft.Sum(nil)}.Encode())
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
