package node

import (
	"testing"

	"abad/bft"
	"abad/ledger"
)

// Where every node votes for everything at once, receipts do not wait for the disk: some
// are there before the block is, and who has one finds the block all the same, also when
// the node is stopped at that moment. With a node away none is early.
func TestReceiptsOfCertainBlocks(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	next := 0
	early := func() (bool, Receipt) {
		t.Helper()
		n := c.nodes[0]
		next++
		r, err := n.Submit(within(t), value(next))
		if err != nil {
			t.Fatal(err)
		}
		if n.Height() < r.Block {
			t.Errorf("a receipt for block %d, and the height is %d", r.Block, n.Height())
		}
		return n.store.Height() < r.Block, r
	}
	someEarly := func() Receipt {
		t.Helper()
		for range 1000 {
			if is, r := early(); is {
				return r
			}
		}
		t.Fatal("every receipt waited for the disk")
		return Receipt{}
	}
	r := someEarly()
	if _, err := c.nodes[0].Block(r.Block); err != nil {
		t.Error(err)
	}
	r = someEarly()
	values, err := c.nodes[0].Values(r.Block)
	if err != nil || values[r.Index].ID != value(next).ID {
		t.Errorf("value %d is not in block %d at index %d: %v", next, r.Block, r.Index, err)
	}
	r = someEarly()
	for i := range 4 {
		c.kill(i)
	}
	c.start(0)
	if height := c.nodes[0].store.Height(); height < r.Block {
		t.Errorf("there was a receipt for block %d, and the node has stopped with %d", r.Block, height)
	}
	c.start(1)
	c.start(2)
	early() // node 3 may have voted in its epoch
	for range 50 {
		if is, _ := early(); is {
			t.Fatal("a receipt came before the block, and not every node had voted for it")
		}
	}
}

// A block of which this node has no votes is not certain, nor does one become so that
// skips a value: the other one's receipt is looked up in the log.
func TestWhatIsNotCertain(t *testing.T) {
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{ledger: ledger.New(ledger.Config{Quorum: q, Epochs: 8})}
	if d.certain([]ledger.Committed{{Block: &ledger.Block{Header: ledger.BlockHeader{Epoch: 1}}}}) {
		t.Error("nobody has voted for it")
	}
	c := newCluster(t, 4)
	c.startAll()
	for i := range 100 {
		twin := make(chan Receipt, 1)
		go func() {
			r, err := c.nodes[1].Submit(within(t), value(i))
			if err != nil {
				t.Error(err)
			}
			twin <- r
		}()
		r, err := c.nodes[0].Submit(within(t), value(i))
		if err != nil {
			t.Error(err)
		}
		if other := <-twin; other.Block != r.Block || other.Index != r.Index {
			t.Fatalf("one value is in the log at %+v and %+v", r, other)
		}
	}
}
