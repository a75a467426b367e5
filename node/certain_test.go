package node

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
	"abad/store"
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

// A receipt that came before its block was on the disk is kept by a node that dies at
// that moment: its log does not go back behind what it has told.
func TestACrashKeepsCertainBlocks(t *testing.T) {
	c := newCluster(t, 4)
	for i := range 3 {
		c.start(i)
	}
	for try := range 1000 {
		if c.diesAfterAnEarlyReceipt(3, try) {
			return
		}
	}
	t.Fatal("every receipt waited for the disk")
}

// diesAfterAnEarlyReceipt runs a node until one of its receipts comes before the block
// does, lets its next write fail, and starts it again. It reports whether that write
// was the block's.
func (c *cluster) diesAfterAnEarlyReceipt(i, try int) bool {
	c.t.Helper()
	var dead atomic.Bool
	c.confs[i].hooks.disk.BeforeWrite = func() error {
		if dead.Load() {
			return errTorn
		}
		return nil
	}
	n, err := New(c.confs[i])
	if err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(context.Background()) }()
	var r Receipt
	var v batch.Value
	for k := 0; r.Block == 0; k++ {
		v = value(1000*try + k)
		got, err := n.Submit(within(c.t), v)
		if err != nil {
			c.t.Fatal(err)
		}
		if k == 999 || n.store.Height() < got.Block {
			dead.Store(true)
			r = got
		}
	}
	if err := <-ended; !errors.Is(err, errTorn) {
		c.t.Fatalf("the node ended with %v", err)
	}
	late := n.store.Height() < r.Block
	c.confs[i].hooks.disk = store.Options{}
	c.start(i)
	defer c.kill(i)
	if height := c.nodes[i].Height(); height < r.Block {
		c.t.Fatalf("there was a receipt for block %d, and after the crash the log ends with %d", r.Block, height)
	}
	values, err := c.nodes[i].Values(r.Block)
	if err != nil || values[r.Index].ID != v.ID {
		c.t.Errorf("value %s is not in block %d at index %d: %v", v.ID, r.Block, r.Index, err)
	}
	return late
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
