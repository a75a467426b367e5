package node

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
	"abad/store"
)

func someBatch() (bft.Hash, []byte, []batch.ValueID) {
	b := batch.NewBuilder([16]byte{1})
	b.Add(value(1))
	data := b.Bytes()
	return batch.Digest(data), data, []batch.ValueID{value(1).ID}
}

// A batch that has become durable is told of, though the link that it came over
// has died meanwhile. Else this node would never vouch for it: it counts as here,
// so nobody fetches it, and a header that lists it gets no ECHO of this node.
func TestAStoredBatchIsToldOf(t *testing.T) {
	s := openStore(t)
	told := 0
	k := newIntake(4, 1<<30, s, func(ctx context.Context, in ledger.In) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		told++
		return nil
	})
	link, cancel := context.WithCancel(context.Background())
	cancel()
	digest, data, ids := someBatch()
	if err := k.keep(link, source{id: 3}, digest, data, ids); err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
}

// The ledger hears of a batch before it is on disk, and what it says then is not sent
// before it is.
func TestNothingIsSentBeforeItsBatchIsStored(t *testing.T) {
	s := openStore(t)
	told := make(chan storing, 1)
	k := newIntake(4, 1<<30, s, func(_ context.Context, in ledger.In) error { told <- in.(storing); return nil })
	digest, data, ids := someBatch()
	if err := k.keep(context.Background(), source{id: 3}, digest, data, ids); err != nil {
		t.Fatal(err)
	}
	if hold := <-told; hold.stored() != nil || !s.IsPending(digest) {
		t.Error("stored does not wait for the batch")
	}
	stored, durable := make(chan struct{}), errors.New("it ends with this")
	d := &driver{store: s, tick: tick{stored: []func() error{func() error { <-stored; return durable }}}}
	persisted := make(chan error)
	go func() { persisted <- d.persist() }()
	select {
	case err := <-persisted:
		t.Fatalf("the tick is durable before its batch: %v", err)
	case stored <- struct{}{}: // it waits
	}
	if err := <-persisted; !errors.Is(err, durable) {
		t.Errorf("persist says %v", err)
	}
}

// A batch that a catch-up has put into the store, for a block that did not come,
// is found there when a header lists it, and told of. One that is in a block of
// old is not.
func TestAWantedBatchMayBeInTheStore(t *testing.T) {
	s := openStore(t)
	var told []storing
	k := newIntake(4, 1<<30, s, func(_ context.Context, in ledger.In) error {
		told = append(told, in.(storing))
		return nil
	})
	f := newFetcher(4)
	f.intake, f.height = k, s.Height
	digest, data, _ := someBatch()
	wanted := want{Want: ledger.Want{Epoch: 7, Digest: digest, Lister: 2}}
	if f.settled(context.Background(), wanted) || len(told) > 0 {
		t.Error("a batch that is not here needs no pull")
	}
	f.height = func() uint64 { return 8 } // the epoch is over
	decided := wanted
	decided.Decided = true
	if f.settled(context.Background(), wanted) || !f.settled(context.Background(), decided) {
		t.Error("a batch that is not here is not looked for when its epoch is over, or one that a block needed is")
	}
	f.height = s.Height
	if err := s.PutBatch(digest, 1, data); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !f.settled(context.Background(), wanted) {
			t.Error("a batch in the store is pulled")
		}
	}
	if len(told) != 1 || told[0].Digest != digest {
		t.Errorf("told %d times, want one Hold", len(told))
	}
	if err := s.PutBlock(1, []byte("r"), nil, []bft.Hash{digest}); err != nil {
		t.Fatal(err)
	}
	k.taken([]bft.Hash{digest})
	if !f.settled(context.Background(), wanted) || len(told) != 1 {
		t.Errorf("a batch of an old block: told %d times", len(told))
	}
	wanted.Decided = true
	if !f.settled(context.Background(), wanted) || len(told) != 2 {
		t.Errorf("a batch of an old block that a block needs: told %d times", len(told))
	}
}

// Nobody waits for a driver that has ended.
func TestTellingADriverThatHasEnded(t *testing.T) {
	d := &driver{inputs: make(chan ledger.In), deaf: make(chan struct{})}
	close(d.deaf)
	if err := d.tell(context.Background(), ledger.Clock{}); !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What a push was read into is used again, and never before it is on the disk.
func TestPushesDoNotShareBytes(t *testing.T) {
	s := openStore(t)
	k := newIntake(4, 1<<30, s, func(context.Context, ledger.In) error { return nil })
	batchOf := func(n int) (bft.Hash, []byte) {
		b := batch.NewBuilder([16]byte{byte(n), byte(n >> 8)})
		for b.Size() < store.LargeBatch+n {
			b.Add(batch.Value{ID: batch.ValueID{byte(n)}, Payload: bytes.Repeat([]byte{byte(n)}, 1000)})
		}
		return batch.Digest(b.Bytes()), b.Bytes()
	}
	var pushers sync.WaitGroup
	const peers, each = 4, 20
	for from := range peers {
		pushers.Go(func() {
			for i := range each {
				d, data := batchOf(from*each + i)
				if err := k.push(t.Context(), bft.ID(from), d[:], int64(len(data)), bytes.NewReader(data)); err != nil {
					t.Errorf("push %d of peer %d: %v", i, from, err)
				}
			}
		})
	}
	pushers.Wait()
	for n := range peers * each {
		d, want := batchOf(n)
		if got, err := s.Batch(d); err != nil || !bytes.Equal(got, want) {
			t.Errorf("batch %d: %d bytes, %v", n, len(got), err)
		}
	}
}
