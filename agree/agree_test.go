package agree

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"abad/bft"
	"abad/codec"
	"abad/decision"
)

// log is a cluster's, in memory.
type log struct {
	t    *testing.T
	cfg  Config
	keys []ed25519.PrivateKey
	book *Book
}

func newLog(t *testing.T, n int) *log {
	t.Helper()
	q, err := bft.NewQuorum(n)
	if err != nil {
		t.Fatal(err)
	}
	l := &log{t: t, cfg: Config{Quorum: q, Domain: Domain{bft.Sum([]byte("test")), 1}}}
	for i := range n {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i)}, ed25519.SeedSize))
		l.keys = append(l.keys, key)
		l.cfg.Keys = append(l.cfg.Keys, key.Public().(ed25519.PublicKey))
	}
	l.book = New(l.cfg)
	return l
}

func (l *log) proposal(node bft.ID, name, value string) []byte {
	l.t.Helper()
	p, err := l.cfg.Domain.Propose(l.keys[node], node, name, []byte(value))
	if err != nil {
		l.t.Fatal(err)
	}
	return p.Encode()
}

// block puts payloads into the log.
func (l *log) block(payloads ...[]byte) {
	l.book.Block(l.book.Height()+1, func(yield func(uint64, []byte) bool) {
		for i, p := range payloads {
			if !yield(uint64(i), p) {
				return
			}
		}
	})
}

// outcome is a value and how many named it, or how many have proposed.
func (l *log) outcome(name string) string {
	a, ok := l.book.Lookup(name)
	switch {
	case !ok:
		return "unknown"
	case !a.Agreed:
		return fmt.Sprintf("%d proposals", len(a.Proposals))
	}
	return fmt.Sprintf("%s by %d", a.Value, len(a.For))
}

func (l *log) want(name, want string) {
	l.t.Helper()
	if got := l.outcome(name); got != want {
		l.t.Errorf("%q: %s, want %s", name, got, want)
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		n         int
		proposals string // node and value
		want      string
	}{
		{4, "", "unknown"},
		{4, "0a 1a", "2 proposals"},
		{4, "0a 1a 2a", "a by 3"},
		{4, "0b 1a 2a", "a by 2"},       // most of the first n-f
		{4, "0b 1a 2c", "b by 1"},       // ties by the first in the log
		{4, "0b 1a 2a 3b", "a by 2"},    // what comes after the first n-f is nothing
		{4, "0b 0a 0a 1a 2a", "a by 2"}, // the first of a node counts
		{4, "0a 0a 0a 0a", "1 proposals"},
		{7, "6x 0a 5x 1a 2a", "a by 3"}, // f = 2 faulty ones against the rest
		{7, "0c 1a 2b 3b 4a", "a by 2"},
		{1, "0a", "a by 1"},
	} {
		l := newLog(t, c.n)
		for _, p := range strings.Fields(c.proposals) {
			l.block([]byte("a value"), l.proposal(bft.ID(p[0]-'0'), "x", p[1:]))
		}
		if got := l.outcome("x"); got != c.want {
			t.Errorf("n=%d, %q: %s, want %s", c.n, c.proposals, got, c.want)
		}
	}
}

// Whatever f nodes put into the log, and in whatever order: a value that all
// correct nodes propose wins.
func TestValidity(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := []int{4, 7, 10}[r.IntN(3)]
		l := newLog(t, n)
		f := l.cfg.Quorum.Faulty()
		var payloads [][]byte
		for node := range n {
			if node >= f {
				payloads = append(payloads, l.proposal(bft.ID(node), "x", "right"))
				continue
			}
			for range 1 + r.IntN(3) {
				payloads = append(payloads, l.proposal(bft.ID(node), "x", "wrong"))
			}
			forged := l.proposal(bft.ID(node), "x", "wrong") // in a correct node's name
			p, err := Decode(forged)
			if err != nil {
				t.Fatal(err)
			}
			p.Node = bft.ID(f + r.IntN(n-f))
			payloads = append(payloads, p.Encode())
		}
		r.Shuffle(len(payloads), func(i, j int) { payloads[i], payloads[j] = payloads[j], payloads[i] })
		for len(payloads) > 0 {
			k := 1 + r.IntN(len(payloads))
			l.block(payloads[:k]...)
			payloads = payloads[k:]
			again, err := Restore(l.cfg, l.book.Encode()) // at any block
			if err != nil {
				t.Fatal(err)
			}
			l.book = again
		}
		if a, _ := l.book.Lookup("x"); !a.Agreed || string(a.Value) != "right" {
			t.Fatalf("seed %d, n=%d: %+v", seed, n, a)
		}
	}
}

// A signature is good for one node, name, value, cluster and era.
func TestForgeries(t *testing.T) {
	l := newLog(t, 4)
	p, err := Decode(l.proposal(0, "x", "a"))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Proposal){
		"node":      func(p *Proposal) { p.Node = 1 },
		"name":      func(p *Proposal) { p.Name = "y" },
		"value":     func(p *Proposal) { p.Value = []byte("b") },
		"signature": func(p *Proposal) { p.Signature = make([]byte, ed25519.SignatureSize) },
		"no one":    func(p *Proposal) { p.Node = 200 },
	} {
		forged := p
		change(&forged)
		l.block(forged.Encode())
		if l.outcome("x") != "unknown" || l.outcome("y") != "unknown" {
			t.Errorf("another %s counts", what)
		}
	}
	for what, d := range map[string]Domain{
		"cluster": {bft.Sum([]byte("other")), 1}, "era": {bft.Sum([]byte("test")), 2},
	} {
		if err := d.Verify(l.cfg.Keys[0], p); !errors.Is(err, ErrSignature) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	l.block(p.Encode())
	l.want("x", "1 proposals")
}

// A node that floods names is counted on so many, and hinders nobody; when some are
// agreed it may go on.
func TestFlood(t *testing.T) {
	l := newLog(t, 4)
	for i := range 3 * MaxOpen {
		l.block(l.proposal(3, fmt.Sprint("flood ", i), "z"))
	}
	if got := len(l.book.open); got != MaxOpen {
		t.Errorf("%d names are open, want %d", got, MaxOpen)
	}
	for node := range bft.ID(3) {
		l.block(l.proposal(node, "serious", "a"), l.proposal(node, "flood 0", "a"))
	}
	l.want("serious", "a by 3")
	l.want("flood 0", "a by 2")
	l.block(l.proposal(3, "one more", "z"), l.proposal(3, "two more", "z"))
	l.want("one more", "1 proposals")
	l.want("two more", "unknown")
}

func TestKept(t *testing.T) {
	l := newLog(t, 1)
	for i := range MaxKept + 1 {
		l.block(l.proposal(0, fmt.Sprint(i), "a"))
	}
	l.want("0", "unknown")
	l.want("1", "a by 1")
	l.want(fmt.Sprint(MaxKept), "a by 1")
	if len(l.book.named) != MaxKept || len(l.book.open) != 0 {
		t.Errorf("%d names, %d open", len(l.book.named), len(l.book.open))
	}
	if _, err := Restore(l.cfg, l.book.Encode()); err != nil {
		t.Error(err)
	}
	l.block(l.proposal(0, "0", "b"))
	l.want("0", "b by 1")
}

func TestProposalLimits(t *testing.T) {
	l := newLog(t, 4)
	longest := l.proposal(3, strings.Repeat("x", decision.MaxName), strings.Repeat("v", MaxValue))
	if _, err := Decode(longest); err != nil {
		t.Errorf("the longest proposal: %v", err)
	}
	for name, want := range map[string]error{"": decision.ErrName, "a\nb": decision.ErrName, "x": ErrValue} {
		if _, err := l.cfg.Domain.Propose(l.keys[0], 0, name, nil); !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := l.cfg.Domain.Propose(l.keys[0], 0, "x", make([]byte, MaxValue+1)); !errors.Is(err, ErrValue) {
		t.Errorf("a long value: %v", err)
	}
	for what, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "prefix": []byte(prefix), "version": []byte("abad/proposal/v2"),
		"node":  append([]byte(prefix), codec.Marshal(Proposal{Name: "x", Node: bft.MaxNodes, Value: []byte("v")})...),
		"value": append([]byte(prefix), codec.Marshal(Proposal{Name: "x"})...),
		"tail":  append(bytes.Clone(longest), 0),
	} {
		if _, err := Decode(data); !errors.Is(err, ErrProposal) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDamagedSnapshots(t *testing.T) {
	l := newLog(t, 4)
	a := &Agreement{Name: "x"}
	for what, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"),
		"twice": codec.Marshal(snapshot{Open: []*Agreement{a, a}}), "null": codec.Marshal(snapshot{Kept: []*Agreement{nil}}),
	} {
		if _, err := Restore(l.cfg, data); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

func FuzzDecode(f *testing.F) {
	d := Domain{}
	p, err := d.Propose(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), 2, "name", []byte("value"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err == nil && !bytes.Equal(p.Encode(), data) {
			t.Fatalf("%x came back as %x", data, p.Encode())
		}
	})
}

func BenchmarkOrdinaryValue(b *testing.B) {
	book := New(Config{})
	payload := bytes.Repeat([]byte("x"), 256)
	b.ReportAllocs()
	for i := range b.N {
		book.Block(uint64(i)+1, func(yield func(uint64, []byte) bool) { yield(0, payload) })
	}
}
