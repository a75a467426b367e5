package store

import (
	"sync/atomic"
	"testing"

	"abad/bft"
)

// observed counts what an Observer is told.
type observed struct{ times, negative atomic.Int64 }

func (o *observed) Observe(value float64) {
	o.times.Add(1)
	if value < 0 {
		o.negative.Add(1)
	}
}

func TestUsage(t *testing.T) {
	synced := new(observed)
	s := open(t, t.TempDir(), Options{Synced: synced})
	before := s.Transactions()
	d := putBatch(t, s, 1, 300<<10)
	if n := synced.times.Load(); n == 0 || uint64(n) != s.Transactions() || s.Transactions() == before {
		t.Errorf("%d transactions after %d, and %d were measured", s.Transactions(), before, n)
	}
	if synced.negative.Load() > 0 {
		t.Error("a transaction took less than no time")
	}
	u, err := s.Usage()
	if err != nil || u.Values < 300<<10 || u.Recent <= 0 || u.MinFree != s.options.MinFree {
		t.Fatalf("%+v %v", u, err)
	}
	size, err := s.Size()
	if err != nil || size < u.Values+u.Recent {
		t.Errorf("%d bytes, %v, of %+v", size, err, u)
	}
	if s.CommittedBytes() != 0 {
		t.Errorf("no block, and %d bytes committed", s.CommittedBytes())
	}
	if err := s.PutBlock(1, []byte("r"), nil, []bft.Hash{d}); err != nil {
		t.Fatal(err)
	}
	if got := s.CommittedBytes(); got != 300<<10 {
		t.Errorf("%d bytes committed", got)
	}
}
