package store

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"abad/bft"
)

func TestPutBatchIsIdempotent(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	a := putBatch(t, s, 1, 100)
	b := putBatch(t, s, 2, 100)
	putBatch(t, s, 1, 100)
	if got := pendingDigests(s); !slices.Equal(got, []bft.Hash{a, b}) {
		t.Fatalf("pending %v", got)
	}
	if err := s.PutBlock(1, []byte("r"), nil, []bft.Hash{a, {9}, a}); err != nil {
		t.Fatal(err)
	}
	putBatch(t, s, 1, 100) // a late push of what a block has taken
	if got := pendingDigests(s); !slices.Equal(got, []bft.Hash{b}) {
		t.Fatalf("pending after the block: %v", got)
	}
	if err := s.PutBatch(bft.Hash{1}, 0, nil); err == nil {
		t.Error("an empty batch was stored")
	}
}

func TestPendingKeepsTheOrderOfArrival(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	var want []bft.Hash
	for n := range 300 {
		want = append(want, putBatch(t, s, n, 20))
	}
	if err := s.PutBlock(1, []byte("r"), nil, want[:250]); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir, Options{})
	want = append(want[250:], putBatch(t, s, 1000, 20))
	if got := pendingDigests(s); !slices.Equal(got, want) {
		t.Fatalf("%d pending batches, want %d in order of arrival", len(got), len(want))
	}
}

func TestOneBatchFromManyPeersAtOnce(t *testing.T) {
	writes := 0
	s := open(t, t.TempDir(), Options{BeforeWrite: func() error { writes++; return nil }})
	writes = 0
	d, data := payload(1, 64<<10)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := s.PutBatch(d, 0, data); err != nil {
				t.Error(err)
			}
			if has, err := s.HasBatch(d); !has || err != nil {
				t.Errorf("not there when PutBatch returned: %v", err)
			}
		})
	}
	all.Wait()
	if writes != 1 || len(pendingDigests(s)) != 1 {
		t.Errorf("%d writes, %d pending", writes, len(pendingDigests(s)))
	}
}

// A small batch shares a write with what comes next, whoever waits for that; a large
// one does not wait for company.
func TestSmallBatchesGoWithTheNextWrite(t *testing.T) {
	var writes atomic.Int32
	dir := t.TempDir()
	s := open(t, dir, Options{BeforeWrite: func() error { writes.Add(1); return nil }})
	writes.Store(0)
	a, small := payload(1, LargeBatch-1)
	stored := s.QueueBatch(a, 0, small)
	again := s.QueueBatch(a, 0, small)
	for range 1000 {
		runtime.Gosched() // so that somebody might
	}
	if n := writes.Load(); s.IsPending(a) || n != 0 {
		t.Errorf("%d writes, and nobody has waited", n)
	}
	if err := s.Append([]Record{{1, []byte("it is here")}}); err != nil {
		t.Fatal(err)
	}
	if n := writes.Load(); !s.IsPending(a) || n != 1 {
		t.Errorf("%d writes for a batch and a record, pending %v", n, s.IsPending(a))
	}
	if err := errors.Join(stored(), again()); err != nil || writes.Load() != 1 {
		t.Errorf("%d writes, %v", writes.Load(), err)
	}
	b, other := payload(2, 100)
	s.QueueBatch(b, 0, other)
	if err := s.PutBlock(1, []byte("r"), nil, []bft.Hash{a, b}); err != nil || writes.Load() != 2 {
		t.Errorf("%d writes with a block that takes the batch, %v", writes.Load(), err)
	}
	c, large := payload(3, LargeBatch)
	for s.QueueBatch(c, 0, large); !s.IsPending(c); {
		runtime.Gosched() // for ever, if nobody writes it
	}
	d, lost := payload(4, 100)
	stored = s.QueueBatch(d, 0, lost)
	s.Close()
	if err := stored(); !errors.Is(err, ErrClosed) {
		t.Errorf("the store has been closed: %v", err)
	}
	if got := pendingDigests(open(t, dir, Options{})); !slices.Equal(got, []bft.Hash{c}) {
		t.Errorf("pending: %v", got)
	}
}

func TestABlockTakesABatchThatIsJustComing(t *testing.T) {
	// However the two calls meet, the batch is held and not pending: on disk too.
	for round := range 30 {
		dir := t.TempDir()
		s := open(t, dir, Options{})
		d, data := payload(round, 5000)
		var put sync.WaitGroup
		put.Go(func() {
			if err := s.PutBatch(d, 0, data); err != nil {
				t.Error(err)
			}
		})
		for {
			s.held.mu.Lock()
			begun := s.held.pending[d] != nil
			s.held.mu.Unlock()
			if begun {
				break
			}
		}
		if err := s.PutBlock(1, []byte("r"), nil, []bft.Hash{d}); err != nil {
			t.Fatal(err)
		}
		put.Wait()
		if n := len(pendingDigests(s)); n != 0 {
			t.Fatalf("%d pending in memory", n)
		}
		s.Close()
		if n := len(pendingDigests(open(t, dir, Options{}))); n != 0 {
			t.Fatalf("%d pending on disk", n)
		}
	}
}

func TestDropBatch(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	a, b := putBatch(t, s, 1, 100), putBatch(t, s, 2, 9000)
	if err := s.PutBlock(1, []byte("r"), nil, []bft.Hash{b}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []bft.Hash{a, b, {1}} {
		if err := s.DropBatch(d); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Batch(d); !errors.Is(err, ErrNotFound) {
			t.Errorf("dropped batch: %v", err)
		}
	}
	s.Close()
	if got := pendingDigests(open(t, dir, Options{})); len(got) != 0 {
		t.Errorf("pending: %v", got)
	}
}

func TestLookBatch(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	digest, data := bft.Sum([]byte("x")), bytes.Repeat([]byte("batch "), 1000)
	if err := s.LookBatch(digest, func([]byte) { t.Error("something is shown") }); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing is there: %v", err)
	}
	if err := s.PutBatch(digest, 0, data); err != nil {
		t.Fatal(err)
	}
	shown := false
	err := s.LookBatch(digest, func(got []byte) { shown = bytes.Equal(got, data) })
	if err != nil || !shown {
		t.Errorf("the batch is shown: %v, %v", shown, err)
	}
}
