package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"abad/bft"
	"abad/codec"
)

// batchFiles lists the files of batches.
func batchFiles(t *testing.T, s *Store) []string {
	t.Helper()
	return filesOf(t, filepath.Join(s.dir, filesDir))
}

func TestALargeBatchIsAFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for n, size := range []int{8, LargeBatch - 1, LargeBatch, 3 << 20} {
		before := len(batchFiles(t, s))
		d := putBatch(t, s, n, size)
		if got := len(batchFiles(t, s)) - before; (got == 1) != (size >= LargeBatch) {
			t.Errorf("%d bytes make %d files", size, got)
		}
		for _, s := range []*Store{s, open(t, crash(t, dir), Options{})} {
			_, want := payload(n, size)
			got, err := s.Batch(d)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: %d come back, %v", size, len(got), err)
			}
			if err := s.LookBatch(d, func(data []byte) { got = bytes.Clone(data) }); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: %d are shown, %v", size, len(got), err)
			}
			if got, err := s.BatchSize(d); err != nil || got < size || got > size+100 {
				t.Errorf("%d bytes: size %d, %v", size, got, err)
			}
			if has, err := s.HasBatch(d); !has || err != nil {
				t.Errorf("%d bytes: %t, %v", size, has, err)
			}
		}
	}
	d, _ := payload(0, MaxRecord+1)
	if err := s.PutBatch(d, 0, make([]byte, MaxRecord+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// What a crash leaves of a batch that it cut short is not there, is in nobody's way,
// and goes.
func TestAFileWithoutARecord(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	kept := putBatch(t, s, 1, LargeBatch)
	again, data := payload(2, LargeBatch)
	lost, other := payload(3, LargeBatch)
	if err := s.files.put([]file{{again, data[:100]}, {lost, other}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.files.path(lost)+unfinished, other[:10], 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, crash(t, dir), Options{})
	for _, d := range []bft.Hash{again, lost} {
		if has, err := s.HasBatch(d); has || err != nil {
			t.Errorf("a file without a record is a batch: %v", err)
		}
		if _, err := s.Batch(d); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	if err := s.PutBatch(again, 1, data); err != nil {
		t.Fatal(err)
	}
	if got := len(batchFiles(t, s)); got != 4 {
		t.Errorf("%d files before", got)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if err := s.Run(ended); err != nil {
		t.Fatal(err)
	}
	s.tidy(context.Background())
	if got := len(batchFiles(t, s)); got != 2 {
		t.Errorf("%d files are left", got)
	}
	for _, d := range []bft.Hash{kept, again} {
		if _, err := s.Batch(d); err != nil {
			t.Error(err)
		}
	}
}

// A dropped batch's file goes, but not while somebody reads who may have found the
// record before, and not if the batch has come again.
func TestReap(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	gone, back := putBatch(t, s, 1, LargeBatch), putBatch(t, s, 2, LargeBatch)
	for _, d := range []bft.Hash{gone, back} {
		if err := s.DropBatch(d); err != nil {
			t.Fatal(err)
		}
		if has, err := s.HasBatch(d); has || err != nil {
			t.Errorf("a dropped batch is there: %v", err)
		}
	}
	putBatch(t, s, 2, LargeBatch)
	small := putBatch(t, s, 3, 10)
	err := s.LookBatch(small, func([]byte) {
		if err := s.reap(); err != nil || len(batchFiles(t, s)) != 2 {
			t.Errorf("%d files while somebody reads, %v", len(batchFiles(t, s)), err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.reap(); err != nil {
		t.Fatal(err)
	}
	if got := batchFiles(t, s); len(got) != 1 || !strings.HasSuffix(s.files.path(back), got[0]) {
		t.Errorf("files %v", got)
	}
	if _, err := s.Batch(back); err != nil {
		t.Error(err)
	}
}

// A file's record and a dropped record's file cannot meet: the one that is written
// while the other is removed is there.
func TestReapBesidePut(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	d, data := payload(1, LargeBatch)
	done := make(chan error, 1)
	go func() {
		for range 60 {
			if err := errors.Join(s.PutBatch(d, 0, data), s.DropBatch(d)); err != nil {
				done <- err
				return
			}
		}
		done <- s.PutBatch(d, 0, data)
	}()
	for running := true; running; {
		if err := s.reap(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if running = false; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	if err := s.reap(); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Batch(d); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the batch that came last: %v", err)
	}
}

// A pending batch is one that this node has vouched for, so a store without it is
// refused at once.
func TestAPendingBatchWithoutItsFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	path := s.files.path(putBatch(t, s, 1, LargeBatch))
	for what, do := range map[string]func(path string) error{
		"missing": os.Remove,
		"shorter": func(path string) error { return os.Truncate(path, LargeBatch-1) },
	} {
		to := crash(t, dir)
		if err := do(filepath.Join(to, filesDir, filepath.Base(path))); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(to, Options{Log: quiet}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A file that cannot be written, or has no room, fails the store, and leaves nothing.
func TestAFileThatCannotBeWritten(t *testing.T) {
	for what, c := range map[string]struct {
		options Options
		spoil   func(*Store) error
		want    error
	}{
		"no directory": {Options{}, func(s *Store) error { return os.Remove(s.files.dir) }, os.ErrNotExist},
		"no room":      {Options{}, func(s *Store) error { s.options.MinFree = 1 << 62; return nil }, syscall.ENOSPC},
	} {
		dir := t.TempDir()
		s := open(t, dir, c.options)
		if err := c.spoil(s); err != nil {
			t.Fatal(err)
		}
		d, data := payload(1, LargeBatch)
		if err := s.PutBatch(d, 0, data); !errors.Is(err, ErrFailed) || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
		if err := s.SetMeta("later", nil); !errors.Is(err, ErrFailed) {
			t.Errorf("%s: a later write: %v", what, err)
		}
		s.Close()
		s = open(t, dir, Options{})
		if has, err := s.HasBatch(d); has || err != nil || len(pendingDigests(s)) > 0 {
			t.Errorf("%s: the batch is there, %v", what, err)
		}
	}
}

// The large batches of format 3 are in badger, and stay there.
func TestFormat3(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	d, data := payload(1, LargeBatch+5)
	var w write
	w.set(digestKey(d), data)
	w.set(namedKey(formatName), codec.Marshal(formatRecord{Format: 3}))
	if err := s.write(&w); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir, Options{})
	if got, err := s.Batch(d); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v", err)
	}
	if err := s.PutBatch(d, 0, data); err != nil || len(batchFiles(t, s)) > 0 {
		t.Errorf("a batch that is there is written again: %v", err)
	}
	if err := s.DropBatch(d); err != nil {
		t.Fatal(err)
	}
	if has, err := s.HasBatch(d); has || err != nil {
		t.Errorf("it was dropped: %v", err)
	}
	var r formatRecord
	if data, err := s.get(namedKey(formatName)); err != nil || codec.Unmarshal(data, &r) != nil || r.Format != format {
		t.Errorf("%+v, %v", r, err)
	}
}
