package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
)

// settledBatch is a batch of ours with five values, of which the last two came together,
// and a block skips the second and the fourth. The tickets are the values' ones.
func settledBatch(t *testing.T) (tickets []*Ticket, repeats []*repeat) {
	t.Helper()
	quorum, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	b := newBatcher(Limits{}.withDefaults())
	for i := 0; i < 5; i = len(tickets) {
		vs := []batch.Value{value(i), value(i + 1)}
		if i < 3 {
			vs = vs[:1]
		}
		ticket, err := b.enqueue(time.Now(), vs...)
		if err != nil {
			t.Fatal(err)
		}
		for range ticket.Len() {
			tickets = append(tickets, ticket)
		}
	}
	d := &driver{batcher: b, meters: Meters{}.withDefaults(), ledger: ledger.New(ledger.Config{Quorum: quorum, Epochs: 8})}
	return tickets, d.settleBatch(b.takeOpen(), ledger.Taken{Total: 5, Skip: []byte{0b01010}}, 7, 100, false)
}

// A value that a block skips takes no place in it, and waits for what is found out
// about it while the others have their receipts.
func TestTicketsOfABatchWithRepeats(t *testing.T) {
	tickets, repeats := settledBatch(t)
	if len(repeats) != 2 || repeats[0].id != value(1).ID || repeats[1].id != value(3).ID {
		t.Fatalf("repeats %v", repeats)
	}
	for i, index := range map[int]uint64{0: 100, 2: 101, 4: 102} {
		got, err := tickets[i].Wait(within(t), i-tickets[i].first)
		if want := (Receipt{Block: 7, Index: index, Took: got.Took}); err != nil || got != want {
			t.Errorf("value %d: %+v, %v, want %+v", i, got, err, want)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tickets[1].Wait(gone, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("a repeat that is being looked up: %v", err)
	}
	repeats[0].settle(place{3, 9}, nil)
	repeats[1].settle(place{}, ErrTaken)
	if got, err := tickets[1].Wait(within(t), 0); err != nil || got.Block != 3 || got.Index != 9 {
		t.Errorf("the first one's receipt: %+v, %v", got, err)
	}
	if got, err := tickets[3].Wait(within(t), 0); !errors.Is(err, ErrTaken) || got != (Receipt{}) {
		t.Errorf("another value under the id: %+v, %v", got, err)
	}
}

// Clients decide how long tickets live. They must not keep payloads.
func TestTicketsKeepNoPayload(t *testing.T) {
	tickets, repeats := settledBatch(t)
	for _, r := range repeats {
		if r.payload == nil {
			t.Fatal("a repeat cannot be compared")
		}
		r.settle(place{}, ErrTaken)
		if r.payload != nil {
			t.Error("a settled repeat keeps its batch")
		}
	}
	if f := tickets[0].fate; len(f.repeats) != 2 {
		t.Errorf("%d repeats", len(f.repeats))
	}
}

// A value that is on this node's disk, as a ticket says, is not lost when the node
// stops, though no block could come: it gets into the log when the others are there.
func TestStoredValuesOutliveAStop(t *testing.T) {
	c := newCluster(t, 4)
	c.start(0) // alone
	const values = 10
	for i := range values {
		ticket, err := c.nodes[0].Enqueue(time.Now(), value(i))
		if err == nil {
			err = ticket.Stored(within(t))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.kill(0)
	c.startAll()
	have := map[string]bool{}
	for next := values; len(have) < values; next++ {
		r, err := c.nodes[1].Submit(within(t), value(next))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range c.log(1, r.Block) {
			for i := range values {
				if strings.Contains(line, value(i).ID.String()) {
					have[line] = true
				}
			}
		}
		if next > 1000 {
			t.Fatalf("%d of %d values are in the log", len(have), values)
		}
	}
}

// A ticket whose batch is never stored ends with the node.
func TestStoredOfANodeThatStops(t *testing.T) {
	b := newBatcher(Limits{}.withDefaults())
	ticket, err := b.enqueue(time.Now(), value(1))
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := ticket.Stored(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it is only in memory: %v", err)
	}
	b.stop()
	if err := ticket.Stored(within(t)); !errors.Is(err, ErrStopped) {
		t.Errorf("stopped: %v", err)
	}
}
