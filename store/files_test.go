package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"abad/bft"
	"abad/codec"
)

// batchFiles lists the files of batches.
func batchFiles(t *testing.T, s *Store) []string {
	t.Helper()
	return filesOf(t, s.files.dir)
}

// batchRoom is what the files of batches take on the disk.
func batchRoom(t *testing.T, s *Store) (bytes int64) {
	t.Helper()
	for _, name := range batchFiles(t, s) {
		info, err := os.Stat(filepath.Join(s.files.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		bytes += allocated(info)
	}
	return bytes
}

// fillFile makes the store begin a new file with the next large batch.
func fillFile(s *Store) { s.files.end = fullFile }

func TestLargeBatchesAreInFiles(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for n, size := range []int{8, LargeBatch - 1, LargeBatch, 3 << 20, LargeBatch + 1} {
		before := s.files.end
		d := putBatch(t, s, n, size)
		if got := s.files.end - before; size < LargeBatch && got != 0 || size >= LargeBatch && got != wholePage(int64(size)) {
			t.Errorf("of %d bytes %d are in the file", size, got)
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

// A batch is written past the system's cache wherever its bytes are in memory, and
// through it where the disk does not take whole pages.
func TestWritesOfBatches(t *testing.T) {
	for _, c := range []struct {
		what   string
		shift  int64 // of its place in the file
		from   int   // in its memory
		size   int
		direct bool
	}{
		{"whole pages", 0, 0, LargeBatch, true},
		{"a part of a page at the end", 0, 0, LargeBatch + 1, true},
		{"in the middle of a page of memory", 0, 5, LargeBatch + 77, true},
		{"on a disk that takes no pages", 1, 0, LargeBatch, false},
	} {
		dir := t.TempDir()
		s := open(t, dir, Options{})
		putBatch(t, s, 1, LargeBatch+1)
		if !s.files.direct {
			t.Skip("this file system has no direct writes")
		}
		s.files.end += c.shift
		d, data := payload(2, c.size)
		if err := s.PutBatch(d, 0, append(wholePages(pageSize)[:c.from:c.from], data...)[c.from:]); err != nil {
			t.Fatal(err)
		}
		if s.files.direct != c.direct {
			t.Errorf("%s: direct writes: %t", c.what, s.files.direct)
		}
		putBatch(t, s, 3, LargeBatch)
		for _, s := range []*Store{s, open(t, crash(t, dir), Options{})} {
			for n, size := range map[int]int{1: LargeBatch + 1, 2: c.size, 3: LargeBatch} {
				d, want := payload(n, size)
				if got, err := s.Batch(d); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: batch %d: %d bytes, %v", c.what, n, len(got), err)
				}
			}
			if c.shift == 0 && len(s.files.dropped) > 0 {
				t.Errorf("%s: %v have no batch", c.what, s.files.dropped)
			}
		}
	}
}

// Earlier versions wrote one batch right behind the other. A hole between two of them
// must not reach into either.
func TestFilesWithoutPages(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, filesDir), 0o700); err != nil {
		t.Fatal(err)
	}
	f := &files{dir: filepath.Join(dir, filesDir), live: map[uint64]int{}}
	if err := os.WriteFile(f.path(3), make([]byte, 500_000), 0o600); err != nil {
		t.Fatal(err)
	}
	err := f.load([]place{{file: 3, at: 0, size: 100_001}, {file: 3, at: 100_001, size: 100_001}, {file: 3, at: 300_000, size: 200_000}})
	if want := []place{{file: 3, at: 200_704, size: 300_000 - 200_704}}; err != nil || !slices.Equal(f.dropped, want) {
		t.Errorf("%v, %v, want %v", f.dropped, err, want)
	}
	if err := f.load([]place{{file: 3, at: 300_000, size: 200_001}}); !errors.Is(err, ErrDamaged) {
		t.Errorf("a batch behind the end: %v", err)
	}
}

// What a crash leaves of a batch that it cut short is not there, and in nobody's way:
// nothing is written over or behind it.
func TestABatchCutShort(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	kept, data := payload(1, LargeBatch)
	if err := s.PutBatch(kept, 0, data); err != nil {
		t.Fatal(err)
	}
	torn := crash(t, dir)
	out, err := os.OpenFile(filepath.Join(torn, s.files.name(1)), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(data[:LargeBatch/2]); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if err := os.WriteFile(filepath.Join(torn, s.files.name(7)), data, 0o600); err != nil { // of which no record is
		t.Fatal(err)
	}
	s = open(t, torn, Options{})
	if got := batchFiles(t, s); len(got) != 1 {
		t.Errorf("files %v", got)
	}
	if err := s.reap(); err != nil {
		t.Fatal(err)
	}
	if got := batchRoom(t, s); got > LargeBatch+8<<10 {
		t.Errorf("%d bytes are left of a batch of %d", got, LargeBatch)
	}
	next := putBatch(t, s, 2, LargeBatch)
	if got := batchFiles(t, s); len(got) != 2 || s.files.last != 8 {
		t.Errorf("files %v, the last is %d", got, s.files.last)
	}
	for _, s := range []*Store{s, open(t, crash(t, torn), Options{})} {
		for _, d := range []bft.Hash{kept, next} {
			if _, err := s.Batch(d); err != nil {
				t.Error(err)
			}
		}
	}
}

// A batch is one that this node has vouched for, so a store without the file of one is
// refused at once.
func TestAStoreWithoutAFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	putBatch(t, s, 1, LargeBatch)
	for what, do := range map[string]func(path string) error{
		"missing": os.Remove,
		"shorter": func(path string) error { return os.Truncate(path, LargeBatch-1) },
	} {
		to := crash(t, dir)
		if err := do(filepath.Join(to, s.files.name(1))); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(to, Options{Log: quiet}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), s.files.name(1)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A file that cannot be written, or has no room, fails the store, and leaves nothing.
func TestAFileThatCannotBeWritten(t *testing.T) {
	for what, c := range map[string]struct {
		spoil func(*Store) error
		want  error
	}{
		"no directory": {func(s *Store) error { return os.Remove(s.files.dir) }, os.ErrNotExist},
		"no room":      {func(s *Store) error { s.options.MinFree = 1 << 62; return nil }, syscall.ENOSPC},
	} {
		dir := t.TempDir()
		s := open(t, dir, Options{})
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

// Records of format 4 have a checksum behind the place, which the name makes needless.
func TestFormat4(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	d := putBatch(t, s, 1, LargeBatch)
	record := make([]byte, placeSize4)
	place{file: 1, size: LargeBatch}.put(record)
	var w write
	w.set(placeOf(d), record)
	w.set(namedKey(formatName), codec.Marshal(formatRecord{Format: 4}))
	if err := s.write(&w); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir, Options{})
	if _, err := s.Batch(d); err != nil {
		t.Error(err)
	}
	if got := s.files.live[1]; got != 1 {
		t.Errorf("the file has %d batches", got)
	}
	for _, size := range []int{0, placeSize - 1, placeSize + 1, placeSize4 + 1} {
		if _, _, err := decodePlace(placeOf(d), make([]byte, size)); err == nil {
			t.Errorf("a record of %d bytes is a place", size)
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
	s.tidy(context.Background())
	if has, err := s.HasBatch(d); has || err != nil {
		t.Errorf("it was dropped: %v", err)
	}
	var r formatRecord
	if data, err := s.get(namedKey(formatName)); err != nil || codec.Unmarshal(data, &r) != nil || r.Format != format {
		t.Errorf("%+v, %v", r, err)
	}
}
