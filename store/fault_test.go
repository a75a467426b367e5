package store

import (
	"errors"
	"syscall"
	"testing"

	"abad/bft"
)

func TestTheFirstFailedWriteIsTheLast(t *testing.T) {
	// At each write in turn: what was acknowledged before is there after a new
	// Open, what was not is absent, and the failed store takes nothing more.
	full := errors.New("disk full")
	d, data := payload(1, 10<<10)
	calls := []func(*Store) error{
		func(s *Store) error { return s.PutBatch(d, 2, data) },
		func(s *Store) error { return s.Append([]Record{{1, []byte("x")}}) },
		func(s *Store) error { return s.PutBlock(1, []byte("r"), nil, []bft.Hash{d}) },
		func(s *Store) error { return s.PutCertificate(1, []byte("c")) },
		func(s *Store) error { return s.SetMeta("m", []byte("m")) },
		func(s *Store) error { return s.Trim(1) },
		func(s *Store) error { return s.DropBatch(d) },
	}
	for k := range calls {
		dir := t.TempDir()
		fault := false
		s := open(t, dir, Options{BeforeWrite: func() error {
			if fault {
				return full
			}
			return nil
		}})
		for i, call := range calls {
			fault = fault || i == k
			err := call(s)
			if i < k && err != nil {
				t.Fatalf("write %d before the fault: %v", i, err)
			}
			// A call after the fault may be refused for what is missing, but
			// one that reached the disk says how the store failed.
			if i == k && (!errors.Is(err, ErrFailed) || !errors.Is(err, full)) {
				t.Fatalf("write %d at the fault: %v", i, err)
			}
			if i > k && err == nil {
				t.Fatalf("write %d after the fault at %d: accepted", i, k)
			}
		}
		select {
		case <-s.Failed():
		default:
			t.Error("Failed does not say so")
		}
		if err := s.SetMeta("m", nil); !errors.Is(err, ErrFailed) || !errors.Is(s.Err(), full) {
			t.Errorf("a write later: %v, Err %v", err, s.Err())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		verifyPrefix(t, open(t, dir, Options{}), k, d)
	}
}

// verifyPrefix checks that exactly the first k of the calls above took place.
func verifyPrefix(t *testing.T, s *Store, k int, d bft.Hash) {
	t.Helper()
	has, err := s.HasBatch(d)
	if err != nil || has != (k > 0 && k < 7) {
		t.Errorf("fault at %d: batch %v, %v", k, has, err)
	}
	if pending := len(pendingDigests(s)) == 1; pending != (k == 1 || k == 2) {
		t.Errorf("fault at %d: pending %v", k, pending)
	}
	if journal := len(s.Epochs()) == 1; journal != (k > 1 && k < 6) {
		t.Errorf("fault at %d: journal %v", k, journal)
	}
	if block := s.Height() == 1; block != (k > 2) {
		t.Errorf("fault at %d: block %v", k, block)
	}
	if certificate := s.Certified() == 1; certificate != (k > 3) {
		t.Errorf("fault at %d: certificate %v", k, certificate)
	}
	if _, err := s.Meta("m"); (err == nil) != (k > 4) {
		t.Errorf("fault at %d: meta %v", k, err)
	}
}

func TestAFullDiskIsSeenBeforeItIsFull(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{}).Close()
	s := open(t, dir, Options{MinFree: 1 << 62})
	if err := s.SetMeta("small", nil); err != nil {
		t.Errorf("the redo log has room of its own: %v", err)
	}
	err := s.SetMeta("m", make([]byte, maxRedo+1))
	if !errors.Is(err, ErrFailed) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if _, err := s.Meta("m"); !errors.Is(err, ErrNotFound) {
		t.Errorf("it was written: %v", err)
	}
}

func TestWhatBadgerOnlyLogsFailsTheStore(t *testing.T) {
	// Badger logs a value log that it could not sync, and returns nil.
	s := open(t, t.TempDir(), Options{})
	ears := ears{quiet, s.failure.set}
	s.options.BeforeWrite = func() error { ears.Errorf("Error while curlf sync: %v\n", syscall.EIO); return nil }
	err := s.SetMeta("m", make([]byte, maxRedo+1))
	if !errors.Is(err, ErrFailed) {
		t.Fatalf("the write was acknowledged: %v", err)
	}
	if _, err := s.Meta("m"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what may not be on disk is read: %v", err)
	}
}
