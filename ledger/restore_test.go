package ledger

import (
	"errors"
	"fmt"
	"testing"

	"abad/bft"
)

// restart rebuilds a node from its blocks, batches and journal, as a driver does
// after a crash, and returns what it sends in the replay.
func (w *world) restart(at bft.ID) (sent []bft.Envelope[Msg]) {
	w.t.Helper()
	m := New(w.config(at))
	for i, c := range w.blocks[at] {
		block, err := DecodeBlock(c.Block.Encode())
		if err != nil {
			w.t.Fatal(err)
		}
		_, certified := w.certs[at][uint64(i+1)]
		if err := m.Restore(block, c.Values, certified); err != nil {
			w.t.Fatal(err)
		}
	}
	for peer := range w.n {
		_, _ = m.Input(Link{Peer: bft.ID(peer), Up: true})
	}
	for d := range w.held[at] {
		_, _ = m.Input(Hold{Digest: d, Maker: w.makers[d], Values: w.batches[d]})
	}
	for e := m.certified + 1; e <= m.tip.height+DefaultEpochs; e++ {
		for _, entry := range w.journal[at][e] {
			entry, err := DecodeEntry(m.cfg.Quorum, entry.Encode())
			if err != nil {
				w.t.Fatal(err)
			}
			step, err := m.Replay(e, entry)
			if err != nil {
				w.t.Fatalf("node %d: replay of epoch %d: %v", at, e, err)
			}
			for todo := []Step{step}; len(todo) > 0; todo = todo[1:] {
				for _, env := range todo[0].Send {
					sent = append(sent, env)
					if env.To == bft.Everyone {
						todo = append(todo, m.Handle(at, env.Msg))
					}
				}
			}
		}
	}
	w.Nodes[at] = m
	return sent
}

// A restarted node has said, in the replay, exactly what it had said of the epochs
// that are still open, and goes on from there: nobody finds a second, different
// vote, and the log comes out whole.
func TestRestartNeverContradictsItself(t *testing.T) {
	replayed := 0
	for seed := range uint64(120) {
		n := []int{4, 4, 5, 7}[seed%4]
		w := newWorld(t, n, seed)
		r := w.rand(seed)
		said := make([][]string, n) // every message of every node
		heard := make([][]packet, n)
		w.Lose = func(p packet) bool {
			said[p.From] = append(said[p.From], fmt.Sprintf("%d %x", p.To, p.Msg.Encode()))
			heard[p.To] = append(heard[p.To], p)
			return false
		}
		for i := range uint64(5) {
			maker := bft.ID(r.IntN(n))
			w.push(w.batch(maker, i), append([]bft.ID{maker}, w.everyone()...)...)
		}
		for range 3 {
			w.RunSome(50 + r.IntN(600))
			at := bft.ID(r.IntN(n))
			before := map[string]bool{}
			for _, s := range said[at] {
				before[s] = true
			}
			for _, env := range w.restart(at) {
				for to := range n {
					if bft.ID(to) == at || env.To != bft.Everyone && env.To != bft.ID(to) {
						continue
					}
					if line := fmt.Sprintf("%d %x", to, env.Msg.Encode()); !before[line] {
						t.Fatalf("seed %d: node %d says in the replay what it had not said: %+v", seed, at, env.Msg)
					}
					replayed++
				}
			}
			for _, p := range heard[at] { // the links start over
				w.Again(p)
			}
			w.input(at, 0, Clock{Now: 99_000})
			w.input(at, 0, Resume{})
			for _, c := range w.blocks[at] { // shares follow from the blocks
				if _, ok := w.certs[at][c.Block.Header.Epoch]; !ok {
					w.resign(at, c)
				}
			}
		}
		w.Run()
		if got := w.check(); len(got) != 5 {
			t.Fatalf("seed %d: %d values", seed, len(got))
		}
	}
	if replayed == 0 {
		t.Error("no restart had anything to replay")
	}
	t.Logf("%d messages replayed", replayed)
}

// A node counts the votes of a block itself while a peer's certificate for it is on
// its way. Peers that have certified the block send no shares of theirs again, so
// the certificate must not be lost.
func TestAdoptWhatIsHereAlready(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	w.push(w.batch(0, 1), 0, 1, 2, 3)
	w.Run()
	block, cert := w.blocks[0][0], w.certs[0][1]
	late := New(w.config(3))
	if err := late.Restore(block.Block, block.Values, false); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Input(Resume{}); err != nil || late.CertifiedHeight() != 0 {
		t.Fatalf("%v, certified %d", err, late.CertifiedHeight())
	}
	other := *block.Block
	other.Header.Time++
	if _, err := late.Input(Adopt{Block: &other, Certificate: cert}); !errors.Is(err, ErrInput) {
		t.Errorf("another block of this height: %v", err)
	}
	s, err := late.Input(Adopt{Block: block.Block, Certificate: cert})
	if err != nil || late.CertifiedHeight() != 1 || len(s.Out) != 1 {
		t.Fatalf("%v, certified %d, %v", err, late.CertifiedHeight(), s.Out)
	}
	if got, ok := s.Out[0].(Certified); !ok || got.Epoch != 1 || string(got.Certificate.Block) != string(cert.Block) {
		t.Errorf("out comes %v", s.Out[0])
	}
}

// A node that was away takes the certified blocks of the others, and ends with
// the same log.
func TestAdopt(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	for i := range uint64(10) {
		w.push(w.batch(0, i), 0, 1, 2)
		w.Run()
	}
	late := New(w.config(3))
	w.Nodes[3] = late
	w.input(3, 0, Resume{})
	for _, c := range w.blocks[0] {
		e := c.Block.Header.Epoch
		if next := int(e); next < len(w.blocks[0]) {
			if _, err := late.Input(Adopt{Block: w.blocks[0][next].Block}); err == nil {
				t.Fatal("a block that does not follow is adopted")
			}
		}
		if first := w.blocks[0][0].Block; e > 1 {
			if s, err := late.Input(Adopt{Block: first, Certificate: w.certs[0][1]}); err != nil || len(s.Out) > 0 || late.Height() != e-1 {
				t.Fatalf("a block that is here with its certificate: %v, %v", s, err)
			}
		}
		if _, err := late.Input(Adopt{Block: c.Block, Certificate: w.certs[0][e]}); err == nil && len(c.Block.Batches) > 0 {
			t.Fatal("a block is adopted without its batches")
		}
		if late.Height() < e {
			adopt := Adopt{Block: c.Block, Certificate: w.certs[0][e]}
			for _, b := range c.Block.Batches {
				adopt.Batches = append(adopt.Batches, Hold{Digest: b.Digest, Maker: w.makers[b.Digest], Values: w.batches[b.Digest]})
			}
			w.input(3, 0, adopt)
		}
	}
	w.Run()
	if got := w.check(); len(got) != 10 {
		t.Errorf("%d values", len(got))
	}
	w.push(w.batch(3, 100), 3, 0, 1, 2)
	w.Run()
	if got := w.check(); len(got) != 11 {
		t.Errorf("%d values after the return", len(got))
	}
}
