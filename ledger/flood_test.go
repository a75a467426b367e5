package ledger

import (
	"encoding/binary"
	"testing"

	"abad/acs"
	"abad/bft"
	"abad/rbc"
)

// longHeader lists as many batches as it may, from a number on.
func longHeader(first uint64) Header {
	h := Header{Time: 5}
	for i := range uint64(MaxListed) {
		var d bft.Hash
		binary.BigEndian.PutUint64(d[:], first+i)
		h.Batches = append(h.Batches, d)
	}
	return h
}

func val(slot bft.ID, epoch uint64, h Header) Msg {
	return Msg{Epoch: epoch, ACS: acs.Msg{Slot: slot, RBC: rbc.Msg{Kind: rbc.Val, Payload: h.Encode()}}}
}

// A node that lists batches that do not exist costs the others memory only until the
// epoch is over.
func TestBatchesThatDoNotExist(t *testing.T) {
	w := newWorld(t, 4, 1, 3)
	for e := uint64(1); e <= 10; e++ {
		for to := range bft.ID(3) {
			w.Send(3, to, 0, val(3, e, longHeader(e*MaxListed)))
		}
		w.push(w.batch(bft.ID(e%3), e), 0, 1, 2)
		w.Run()
	}
	w.check()
	m := w.ledger(0)
	if m.certified < 10 {
		t.Fatalf("%d epochs are over", m.certified)
	}
	if n := len(m.pool.awaited); n > 0 {
		t.Errorf("%d batches are awaited by nobody", n)
	}
}

// However many batches wait, and however long the headers are, the rules between epochs
// take a look at each.
func BenchmarkFloodOfBatches(b *testing.B) {
	const many = 8 * MaxListed
	m := New(newWorld(b, 4, 1).config(0))
	if _, err := m.Input(Resume{}); err != nil {
		b.Fatal(err)
	}
	for e := uint64(1); e <= many/MaxListed; e++ {
		h := longHeader(e * MaxListed)
		for _, d := range h.Batches {
			m.pool.held[d] = &held{digest: d}
			m.pool.waiting = append(m.pool.waiting, m.pool.held[d])
		}
		for from := range bft.ID(3) {
			m.Handle(from+1, val(from+1, e, h))
		}
		m.proposed(m.epoch(e), h)
	}
	b.ReportAllocs()
	for b.Loop() {
		if m.uncovered(m.opened + 1) {
			b.Fatal("a batch that is listed is not covered")
		}
	}
}
