package node

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"abad/bft"
	"abad/store"
)

// Each peer gets a batch from us once: when it asks, or when we push it, and again only
// if the link did not take it.
func TestOffers(t *testing.T) {
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	type push struct {
		to   bft.ID
		body func() ([]byte, error)
	}
	var queue []push
	o := newOffers(q, 1, func(to bft.ID, _ []byte, body func() ([]byte, error)) bool {
		queue = append(queue, push{to, body})
		return true
	}, func(d bft.Hash) ([]byte, error) {
		if d != bft.Sum([]byte("batch")) {
			t.Errorf("batch %s is loaded", d.Short())
		}
		return []byte("batch"), nil
	})
	// sent starts what is queued, but for one peer's, and says who has got it.
	sent := func(lost bft.ID) (got []bft.ID) {
		for _, p := range queue {
			if p.to == lost {
				continue
			}
			if data, err := p.body(); err == nil && string(data) == "batch" {
				got = append(got, p.to)
			}
		}
		queue = nil
		return got
	}
	d := bft.Sum([]byte("batch"))
	o.offer(d)
	if !o.give(d, 2) { // it asks before its push begins
		t.Error("node 2 has got it already")
	}
	if got := sent(3); !slices.Equal(got, []bft.ID{0}) {
		t.Errorf("pushed to %v", got)
	}
	o.offer(d)
	o.offer(d)
	if got := sent(bft.Everyone); !slices.Equal(got, []bft.ID{3}) {
		t.Errorf("the second and the third time pushed to %v", got)
	}
	for i := range 2 * maxOffers {
		o.give(bft.Sum([]byte{byte(i), byte(i >> 8)}), 0) // what is not ours is not remembered
		o.offer(bft.Sum([]byte{byte(i), byte(i >> 8), 1}))
	}
	if len(o.given) != maxOffers || len(o.order) != maxOffers {
		t.Errorf("%d and %d remembered", len(o.given), len(o.order))
	}
}

// A peer that asks for a batch of ours counts as having got it; one that asks for
// nonsense hears so.
func TestAnswersCountAsOffers(t *testing.T) {
	n, err := New(newCluster(t, 4).confs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer n.store.Close()
	d := bft.Sum([]byte("batch"))
	n.offers.note(d)
	_, _ = n.answer(t.Context(), 2, askBatch, d[:]) // it is not in the store
	if n.offers.give(d, 2) || !n.offers.give(d, 1) {
		t.Error("who has asked is not who has got it")
	}
	for _, size := range []int{0, 1, 31, 33} {
		if _, err := n.answer(t.Context(), 2, askBatch, make([]byte, size)); err == nil {
			t.Errorf("a name of %d bytes is answered", size)
		}
	}
}

// What is pushed is in memory until a block has it, and then on the disk.
func TestABatchThatIsPushed(t *testing.T) {
	n := unstarted(t)
	b, hold := launchOne(t, n, value(1))
	if data, err := n.load(hold.Digest); err != nil || &data[0] != &b.data[0] {
		t.Errorf("on its way: %d bytes, %v", len(data), err)
	}
	if err := hold.stored(); err != nil {
		t.Fatal(err)
	}
	if _, ours := n.batcher.land(hold.Digest); !ours {
		t.Fatal("it is not ours")
	}
	if data, err := n.load(hold.Digest); err != nil || !bytes.Equal(data, b.data) || &data[0] == &b.data[0] {
		t.Errorf("in a block: %d bytes, %v", len(data), err)
	}
	if _, err := n.load(bft.Sum(nil)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody's: %v", err)
	}
}
