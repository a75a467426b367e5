package node

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"abad/bft"
	"abad/ledger"
)

// A node that cannot get the blocks, as nobody has the payload of the first any more,
// still gives receipts for what its clients submit, and they are true.
func TestReceiptsOfANodeThatIsBehind(t *testing.T) {
	c := newCluster(t, 4)
	for i := range 3 {
		c.start(i)
	}
	c.confs[3].hooks.after = 100 * time.Millisecond
	c.submitAll(0, 30, 0, 1, 2)
	ctx := within(t)
	first, err := c.nodes[0].Block(1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := c.nodes[i].WaitHeight(ctx, 1); err != nil {
			t.Fatal(err)
		}
		eventually(t, "node 3 is to be sent nothing more", func() bool { return c.nodes[i].transport.Held().Messages == 0 })
		for _, taken := range first.Batches {
			if err := c.nodes[i].store.DropBatch(taken.Digest); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.start(3)
	for i := 30; i < 33; i++ {
		want := value(i)
		r, err := c.nodes[3].Submit(ctx, want)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.nodes[1].WaitHeight(ctx, r.Block); err != nil {
			t.Fatal(err)
		}
		if !r.Ahead {
			t.Errorf("receipt %+v does not say that the block is not here", r)
		}
		values, err := c.nodes[1].Values(r.Block)
		if err != nil || r.Index >= uint64(len(values)) || values[r.Index].ID != want.ID || !bytes.Equal(values[r.Index].Payload, want.Payload) {
			t.Fatalf("receipt %+v of value %d: %v", r, i, err)
		}
	}
	if _, err := c.nodes[3].Block(1); !errors.Is(err, ErrNotFound) {
		t.Errorf("node 3 has got block 1: %v", err)
	}
}

// Where f peers say otherwise, what f+1 say counts; where no f+1 say the same, nothing.
func TestAlike(t *testing.T) {
	list := func(s string) (records [][]byte) {
		for _, r := range s {
			records = append(records, []byte(string(r)))
		}
		return records
	}
	for _, c := range []struct {
		lists []string
		many  int
		want  string
	}{
		{nil, 2, ""},
		{[]string{"abc"}, 2, ""},
		{[]string{"abc", "abcd"}, 2, "abc"},
		{[]string{"abc", "axc"}, 2, "a"},
		{[]string{"abc", "axc", "abd"}, 2, "abc"},
		{[]string{"xbd", "abc", "ab"}, 2, "ab"},
		{[]string{"abc", "abc", ""}, 3, ""},
		{[]string{"a", "b", "c"}, 2, ""},
	} {
		var lists [][][]byte
		for _, s := range c.lists {
			lists = append(lists, list(s))
		}
		if got := bytes.Join(alike(lists, c.many), nil); string(got) != c.want {
			t.Errorf("%d of %q: %q, want %q", c.many, c.lists, got, c.want)
		}
	}
}

// A foretold receipt counts the values before it. A batch of which the log had a value
// already waits for the block: where that value is, only the log knows.
func TestForetell(t *testing.T) {
	b := newBatcher(Limits{}.withDefaults())
	d := &driver{batcher: b, meters: Meters{}.withDefaults()}
	launched := func(name string, values int) (bft.Hash, []*Ticket) {
		var tickets []*Ticket
		for i := range values {
			ticket, err := b.enqueue(time.Now(), value(i))
			if err != nil {
				t.Fatal(err)
			}
			tickets = append(tickets, ticket)
		}
		digest := bft.Sum([]byte(name))
		b.launched(digest, b.takeOpen())
		return digest, tickets
	}
	whole, wholeTickets := launched("whole", 2)
	partly, partlyTickets := launched("partly", 3)
	block := &ledger.Block{Header: ledger.BlockHeader{Epoch: 7}, Batches: []ledger.Taken{
		{Digest: bft.Sum([]byte("another's")), Total: 10, Skip: []byte{1, 0}},
		{Digest: partly, Total: 3, Skip: []byte{2}},
		{Digest: whole, Total: 2},
	}}
	d.foretell(block)
	for i, ticket := range wholeTickets {
		select {
		case <-ticket.fate.known:
		default:
			t.Fatalf("value %d has no receipt", i)
		}
		got, err := ticket.Wait(within(t), 0)
		if want := (Receipt{Block: 7, Index: uint64(9 + 2 + i), Ahead: true, Took: got.Took}); got != want || err != nil || got.Took <= 0 {
			t.Errorf("value %d: %+v, %v, want %+v", i, got, err, want)
		}
	}
	for i, ticket := range partlyTickets {
		select {
		case <-ticket.fate.known:
			t.Errorf("value %d of a batch with a repeat has a receipt", i)
		default:
		}
	}
	if _, ours := b.land(partly); !ours {
		t.Error("the batch with a repeat does not wait any more")
	}
}
