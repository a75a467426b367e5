package node

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"abad/batch"
)

// A client that gives its value to all nodes at once gets the same receipt from each: also
// where the first one's block is not on the disk of a node that has told of it.
func TestTheSameValueAtAllNodes(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	const values = 300
	var mu sync.Mutex
	places := map[int]map[place]int{}
	each(values, 8, func(i int) {
		var asking sync.WaitGroup
		for _, n := range c.nodes {
			asking.Go(func() {
				r, err := n.Submit(within(t), value(i))
				if err != nil {
					t.Errorf("value %d: %v", i, err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if places[i] == nil {
					places[i] = map[place]int{}
				}
				places[i][place{r.Block, r.Index}]++
			})
		}
		asking.Wait()
	})
	for i, at := range places {
		if len(at) != 1 {
			t.Errorf("value %d is at %v", i, at)
		}
	}
}

// Of a value that is skipped this node says where its first one is, that it is another one,
// or why it cannot tell.
func TestRepeats(t *testing.T) {
	c := newCluster(t, 1)
	c.startAll()
	n := c.nodes[0]
	var first []Receipt
	for i := range 5 {
		r, err := n.Submit(within(t), value(i))
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, r)
	}
	n.landed(first[4].Block)
	ask := func(height uint64, vs ...batch.Value) (list []*repeat) {
		for _, v := range vs {
			list = append(list, &repeat{id: v.ID, payload: v.Payload, height: height, known: make(chan struct{})})
		}
		n.settleRepeats(t.Context(), list)
		for _, r := range list {
			<-r.known
		}
		return list
	}
	other := value(2)
	other.Payload = []byte("another")
	at := first[2].Block
	list := ask(at, value(77), value(2), other, value(2))
	for i, want := range []error{ErrTaken, nil, ErrTaken, nil} {
		r := list[i]
		if !errors.Is(r.err, want) || want == nil && r.at != (place{at, first[2].Index}) {
			t.Errorf("%d: %v, %v", i, r.at, r.err)
		}
	}
	if r := ask(0, value(2))[0]; !errors.Is(r.err, ErrTaken) {
		t.Errorf("of a block that nobody knows: %v", r.err)
	}

	// Of a block that is not on the disk yet it waits for that.
	early := &repeat{id: value(5).ID, payload: value(5).Payload, height: n.store.Height() + 1, known: make(chan struct{})}
	var looking sync.WaitGroup
	looking.Go(func() { n.settleRepeats(t.Context(), []*repeat{early}) })
	last, err := n.Submit(within(t), value(5))
	if err != nil {
		t.Fatal(err)
	}
	looking.Wait()
	if early.err != nil || early.at != (place{last.Block, last.Index}) {
		t.Errorf("of a block that comes: %v, %v, want %v", early.at, early.err, last)
	}

	block, err := n.Block(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.store.DropBatch(block.Batches[0].Digest); err != nil {
		t.Fatal(err)
	}
	if r := ask(at, value(2))[0]; r.err == nil || errors.Is(r.err, ErrTaken) {
		t.Errorf("of a batch that is lost: %v", r.err)
	}
	if err := n.store.SetMeta(prunedMeta, binary.BigEndian.AppendUint64(nil, at)); err != nil {
		t.Fatal(err)
	}
	if r := ask(at, value(2))[0]; !errors.Is(r.err, ErrPruned) {
		t.Errorf("of a pruned block: %v", r.err)
	}

	c.kill(0)
	waiting := &repeat{id: value(1).ID, payload: []byte("x"), height: at + 1000, known: make(chan struct{})}
	n.settleRepeats(t.Context(), []*repeat{waiting})
	if !errors.Is(waiting.err, ErrStopped) {
		t.Errorf("of a node that has stopped: %v", waiting.err)
	}
}
