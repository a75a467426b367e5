package decision

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"abad/aba"
	"abad/bft"
	"abad/bft/bfttest"
	"abad/coin"
	"abad/coin/cointest"
)

type packet = bfttest.Packet[Msg]

// world is a cluster in memory with what a driver does for its decisions.
type world struct {
	*bfttest.Net[In, Msg, Out]
	t       *testing.T
	n       int
	signers []coin.Signer
	journal [][]Entry
	results []map[string]Result
	decided []map[string]int // message delays until the decision
	heard   [][]packet
}

func newWorld(t *testing.T, n int, seed uint64, down ...bft.ID) *world {
	w := &world{t: t, n: n, signers: cointest.Signers(n, (n-1)/3+1, seed), journal: make([][]Entry, n), heard: make([][]packet, n)}
	for range n {
		w.results = append(w.results, map[string]Result{})
		w.decided = append(w.decided, map[string]int{})
	}
	w.Net = bfttest.New(n, func(id bft.ID) bft.Machine[In, Msg, Out] {
		for _, d := range down {
			if d == id {
				return nil
			}
		}
		return New(w.config(id))
	})
	w.React = w.react
	w.Lose = func(p packet) bool {
		w.heard[p.To] = append(w.heard[p.To], p)
		return false
	}
	for id, node := range w.Nodes {
		if node != nil {
			w.input(bft.ID(id), 0, Resume{})
		}
	}
	return w
}

func (w *world) config(id bft.ID) Config {
	q, err := bft.NewQuorum(w.n)
	if err != nil {
		w.t.Fatal(err)
	}
	return Config{Quorum: q, Self: id, Cluster: bft.Sum([]byte("test")), Era: 1, Signer: w.signers[id]}
}

func (w *world) input(at bft.ID, depth int, in In) {
	w.t.Helper()
	if err := w.Input(at, depth, in); err != nil {
		w.t.Fatalf("node %d: %T: %v", at, in, err)
	}
}

func (w *world) vote(at bft.ID, name string, v bool) { w.input(at, 0, Vote{name, v}) }

func (w *world) react(at bft.ID, depth int, out Out) {
	signed := func(name string, v bool) []byte { return coin.DecidedMessage(bft.Sum([]byte("test")), 1, name, v) }
	switch out := out.(type) {
	case Journal:
		w.journal[at] = append(w.journal[at], out.Entry)
	case Decided:
		w.decided[at][out.Name] = depth
		w.input(at, depth, Signed{Name: out.Name, Share: w.signers[at].Sign(signed(out.Name, out.Value))})
	case Combine:
		msg := signed(out.Name, out.Value)
		cert, err := w.signers[at].Combine(msg, out.Shares)
		if err == nil {
			w.input(at, depth, Certified{Result{Name: out.Name, Value: out.Value, Certificate: cert}})
			return
		}
		bad := BadShares{Name: out.Name}
		for _, s := range out.Shares {
			if w.signers[at].VerifyShare(s.From, msg, s.Sig) != nil {
				bad.Peers = append(bad.Peers, s.From)
			}
		}
		w.input(at, depth, bad)
	case Certified:
		if r, twice := w.results[at][out.Result.Name]; twice && r.Value != out.Result.Value {
			w.t.Fatalf("node %d has two results on %q", at, out.Result.Name)
		}
		w.results[at][out.Result.Name] = out.Result
	}
}

// check demands one certified result of a name everywhere, and no blame.
func (w *world) check(name string) Result {
	w.t.Helper()
	var first *Result
	for id, node := range w.Nodes {
		if node == nil {
			continue
		}
		r, ok := w.results[id][name]
		if !ok {
			st, _ := node.(*Machine).Lookup(name)
			w.t.Fatalf("node %d has no result on %q: %+v", id, name, st)
		}
		if first == nil {
			first = &r
		}
		if r.Value != first.Value || string(r.Certificate) != string(first.Certificate) {
			w.t.Fatalf("node %d has %+v, others %+v", id, r, *first)
		}
		for _, f := range w.Faults[id] {
			if w.Nodes[f.Peer] != nil {
				w.t.Fatalf("node %d blames correct node %d: %v", id, f.Peer, f.Why)
			}
		}
		if m := node.(*Machine); m.named[name] != nil {
			w.t.Errorf("node %d keeps the votes on %q", id, name)
		}
	}
	return *first
}

// One message delay when all n vote alike, two when n-f vote yes.
func TestDelays(t *testing.T) {
	for _, n := range []int{4, 7, 16} {
		f := (n - 1) / 3
		for _, c := range []struct {
			voters int
			vote   bool
			want   int
		}{{n, true, 1}, {n, false, 1}, {n - f, true, 2}} {
			w := newWorld(t, n, 1)
			for id := range c.voters {
				w.vote(bft.ID(id), "x", c.vote)
			}
			w.Run()
			if r := w.check("x"); r.Value != c.vote {
				t.Errorf("n=%d: %d votes for %v, decided %v", n, c.voters, c.vote, r.Value)
			}
			for id := range c.voters {
				if got := w.decided[id]["x"]; got != c.want {
					t.Errorf("n=%d, %d votes for %v: node %d decides after %d delays, want %d", n, c.voters, c.vote, id, got, c.want)
				}
			}
		}
	}
}

// With fewer than n-f votes nothing is decided, whatever f liars add.
func TestTooFewVotes(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	w.vote(0, "x", true)
	w.vote(1, "x", false)
	w.Run()
	st, ok := w.Nodes[2].(*Machine).Lookup("x")
	if !ok || st.State != Waiting || st.Voters != 2 {
		t.Errorf("status %+v, %v", st, ok)
	}
	w.vote(2, "x", false)
	w.Run()
	w.check("x")

	// f+1 votes alike are too few as well: the others do not pass them on.
	w.vote(0, "y", false)
	w.vote(1, "y", false)
	w.Run()
	if st, _ := w.Nodes[2].(*Machine).Lookup("y"); st.State != Waiting || st.Voters != 2 {
		t.Errorf("two votes: %+v", st)
	}
	w.vote(2, "y", true)
	w.Run()
	w.check("y")
}

// Random votes, order, duplicates and liars on several names at once.
func TestRandomRuns(t *testing.T) {
	outcomes := map[bool]int{}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		n := []int{1, 2, 3, 4, 4, 7, 7, 10}[r.IntN(8)]
		var down []bft.ID
		for range (n - 1) / 3 {
			down = append(down, bft.ID(r.IntN(n)))
		}
		w := newWorld(t, n, seed, down...)
		w.Rand, w.Twice = r, r.IntN(2) == 0
		votes := map[string]aba.Set{}
		for _, name := range []string{"a", "b", "c"} {
			for _, liar := range down {
				for to, node := range w.Nodes {
					if node == nil {
						continue
					}
					v := aba.Of(r.IntN(2) == 0)
					w.Send(liar, bft.ID(to), 0, Msg{Name: name, ABA: aba.Msg{Kind: aba.BVal, Values: v, First: true}})
					w.Send(liar, bft.ID(to), 0, Msg{Name: name, ABA: aba.Msg{Kind: aba.Aux, Values: v}})
					w.Send(liar, bft.ID(to), 0, Msg{Name: name, Cert: make([]byte, coin.SignatureSize)})
				}
			}
			mood := r.IntN(3)
			for id, node := range w.Nodes {
				if node != nil {
					v := mood == 1 || mood == 2 && r.IntN(2) == 0
					votes[name] |= aba.Of(v)
					w.vote(bft.ID(id), name, v)
				}
			}
		}
		w.Run()
		for name, voted := range votes {
			got := w.check(name).Value
			if !voted.Has(got) {
				t.Fatalf("seed %d: %q is decided %v, which no correct node voted", seed, name, got)
			}
			outcomes[got]++
		}
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Errorf("outcomes %v", outcomes)
	}
}

// Nodes that crash at any moment and replay their journal go on, without a second,
// different vote.
func TestRestart(t *testing.T) {
	for seed := range uint64(200) {
		w := newWorld(t, 4, seed)
		r := rand.New(rand.NewPCG(seed, 6))
		w.Rand = r
		for id := range bft.ID(4) {
			w.vote(id, "x", r.IntN(2) == 0)
		}
		for range 4 {
			w.RunSome(r.IntN(60))
			w.restart(bft.ID(r.IntN(4)))
		}
		w.Run()
		w.check("x")
	}
}

func (w *world) restart(at bft.ID) {
	w.t.Helper()
	m := New(w.config(at))
	for _, r := range w.results[at] {
		if _, err := m.Input(Known{r}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.Nodes[at] = m
	decided := map[string]bool{}
	for _, e := range w.journal[at] {
		e, err := DecodeEntry(m.cfg.Quorum, e.Encode())
		if err != nil {
			w.t.Fatal(err)
		}
		step, err := m.Replay(e)
		if err != nil {
			w.t.Fatal(err)
		}
		for todo := []Step{step}; len(todo) > 0; todo = todo[1:] {
			for _, out := range todo[0].Out {
				if d, ok := out.(Decided); ok {
					decided[d.Name] = d.Value
				}
			}
			for _, env := range todo[0].Send { // peers have it already, or get it now
				todo = append(todo, m.Handle(at, env.Msg))
				for to := range bft.ID(w.n) {
					if to != at {
						w.Send(at, to, 0, env.Msg)
					}
				}
			}
		}
	}
	w.input(at, 0, Resume{})
	for name, v := range decided {
		w.input(at, 0, Signed{name, w.signers[at].Sign(coin.DecidedMessage(bft.Sum([]byte("test")), 1, name, v))})
	}
	for _, p := range w.heard[at] {
		w.Again(p)
	}
}

func TestVoteErrors(t *testing.T) {
	w := newWorld(t, 4, 1)
	m := w.Nodes[0].(*Machine)
	try := func(name string, v bool) error {
		_, err := m.Input(Vote{name, v})
		return err
	}
	for name, want := range map[string]error{
		"": ErrName, strings.Repeat("x", MaxName+1): ErrName, "a\nb": ErrName, "\xff": ErrName,
		strings.Repeat("x", MaxName): nil, "ja, ä ≠ b": nil,
	} {
		if err := try(name, true); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if err := try("x", true); err != nil {
		t.Fatal(err)
	}
	if err := try("x", true); err != nil {
		t.Errorf("the same vote again: %v", err)
	}
	if err := try("x", false); !errors.Is(err, ErrVoted) {
		t.Errorf("another vote: %v", err)
	}
	for i := range MaxVotes - 3 {
		if err := try(fmt.Sprint("name ", i), true); err != nil {
			t.Fatalf("vote %d: %v", i, err)
		}
	}
	if err := try("one more", true); !errors.Is(err, ErrTooMany) {
		t.Errorf("vote %d: %v", MaxVotes+1, err)
	}
	if _, err := m.Input(Prune{"x"}); !errors.Is(err, ErrUnknown) {
		t.Errorf("pruning what is open: %v", err)
	}
	for _, name := range []string{"x", "never voted on"} {
		if _, err := m.Input(Known{Result{Name: name, Value: true}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := try("x", false); !errors.Is(err, ErrVoted) {
		t.Errorf("another vote after the decision: %v", err)
	}
	if err := try("x", true); err != nil {
		t.Errorf("the same vote after the decision: %v", err)
	}
	if err := try("never voted on", true); !errors.Is(err, ErrDecided) {
		t.Errorf("a first vote after the decision: %v", err)
	}
	if _, err := m.Input(Prune{"x"}); err != nil {
		t.Errorf("prune: %v", err)
	}
}

// Nothing that comes late opens again what was pruned; and what is remembered for
// that is bounded.
func TestPrunedStaysClosed(t *testing.T) {
	m := newWorld(t, 4, 1).Nodes[0].(*Machine)
	must := func(in In) Step {
		t.Helper()
		s, err := m.Input(in)
		if err != nil {
			t.Fatalf("%T: %v", in, err)
		}
		return s
	}
	must(Known{Result{Name: "x", Value: true}})
	must(Prune{"x"})
	late := []Step{
		m.Handle(1, Msg{Name: "x", ABA: aba.Msg{Kind: aba.BVal, Values: aba.One}}),
		m.Handle(2, Msg{Name: "x", Cert: make([]byte, coin.SignatureSize)}),
		must(Certified{Result{Name: "x", Value: true}}), // the certifier was at it
		must(Known{Result{Name: "x", Value: true}}),     // a peer was asked
	}
	for i, s := range late {
		if len(s.Out)+len(s.Send)+len(s.Faults) > 0 {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if _, err := m.Input(Vote{"x", true}); !errors.Is(err, ErrPruned) || !m.Pruned("x") || m.Pruned("y") {
		t.Errorf("a vote on what was pruned: %v", err)
	}
	if list, total := m.List(0, 10); total != 0 {
		t.Errorf("listed: %v", list)
	}
	for i := range MaxDecided {
		name := fmt.Sprint(i)
		must(Known{Result{Name: name}})
		must(Prune{name})
	}
	if len(m.pruned) != MaxDecided || len(m.prunedAge) != MaxDecided || m.pruned["x"] {
		t.Errorf("%d and %d names are remembered, the oldest: %v", len(m.pruned), len(m.prunedAge), m.pruned["x"])
	}
}

// A flood of names from one node is bounded, and does not keep others out.
func TestFloodOfNames(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	for i := range 10 * MaxVotes {
		w.Send(3, 0, 0, Msg{Name: fmt.Sprint("flood ", i), ABA: aba.Msg{Kind: aba.BVal, Values: aba.One}})
	}
	w.Run()
	m := w.Nodes[0].(*Machine)
	if got := len(m.open); got != 4*MaxVotes {
		t.Errorf("%d names are open, want %d", got, 4*MaxVotes)
	}
	for id := range bft.ID(3) {
		w.vote(id, "serious", true)
	}
	w.Run()
	w.check("serious")
}

// A node that has lost its memory refuses to vote on what it hears of meanwhile,
// for ever, and takes part in what comes later.
func TestMute(t *testing.T) {
	w := newWorld(t, 4, 1)
	w.input(3, 0, Mute{true})
	for id := range bft.ID(3) {
		w.vote(id, "before", true)
	}
	w.Run()
	if _, err := w.Nodes[3].Input(Vote{"before", false}); !errors.Is(err, ErrSilent) {
		t.Errorf("a vote while silent: %v", err)
	}
	w.restart(3) // which does not make it forget that it may not
	if _, err := w.Nodes[3].Input(Vote{"before", false}); !errors.Is(err, ErrSilent) {
		t.Errorf("a vote on what it has heard of: %v", err)
	}
	w.input(3, 0, Known{w.results[0]["before"]})
	if !w.check("before").Value {
		t.Error("the decision went the other way")
	}
	for id := range bft.ID(4) {
		w.vote(id, "after", false)
	}
	w.Run()
	w.check("after")
}

func FuzzDecode(f *testing.F) {
	f.Add(Msg{Name: "x", ABA: aba.Msg{Kind: aba.BVal, Values: aba.One, First: true}}.Encode())
	f.Add(Msg{Name: "x", Cert: make([]byte, coin.SignatureSize)}.Encode())
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
