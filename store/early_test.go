package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"abad/bft"
)

func keepable(height uint64) Block {
	d, _ := payload(int(height), 8)
	return Block{Height: height, Record: fmt.Append(nil, "block ", height), IDs: d[:16]}
}

func mustKeep(t *testing.T, s *Store, heights ...uint64) {
	t.Helper()
	var blocks []Block
	for _, h := range heights {
		blocks = append(blocks, keepable(h))
	}
	if kept, err := s.Keep(blocks); !kept || err != nil {
		t.Fatalf("blocks %d are kept: %v, %v", heights, kept, err)
	}
}

// wantBlocks checks that a store has the blocks up to a height and no other.
func wantBlocks(t *testing.T, dir string, height uint64) {
	t.Helper()
	s := open(t, dir, Options{})
	defer s.Close()
	if s.Height() != height {
		t.Errorf("the height is %d, want %d", s.Height(), height)
	}
	for h := uint64(1); h <= s.Height(); h++ {
		want := keepable(h)
		record, err := s.Block(h)
		ids, err2 := s.BlockIDs(h)
		if string(record) != string(want.Record) || string(ids) != string(want.IDs) || err != nil || err2 != nil {
			t.Errorf("block %d: %q with ids %x, %v, %v", h, record, ids, err, err2)
		}
	}
}

// What was kept is there after a crash of the process, once, whatever was put of it.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	d := putBatch(t, s, 1, 100)
	first := keepable(1)
	first.Taken = []bft.Hash{d}
	if kept, err := s.Keep([]Block{first}); !kept || err != nil {
		t.Fatal(kept, err)
	}
	if s.Height() != 0 {
		t.Errorf("a block that is kept counts as put: height %d", s.Height())
	}
	again := crash(t, dir)
	wantBlocks(t, again, 1)
	if o := open(t, again, Options{}); len(pendingDigests(o)) > 0 {
		t.Error("the batch of a block that was kept is pending")
	}
	mustKeep(t, s, 2, 3)
	mustKeep(t, s, 4)
	wantBlocks(t, crash(t, dir), 4)

	if err := s.PutBlocks([]Block{first, keepable(2), keepable(3), keepable(4)}); err != nil {
		t.Fatal(err)
	}
	wantBlocks(t, crash(t, dir), 4)
	if s.early.at != 0 {
		t.Errorf("after a put the file goes on at %d: it grows for ever", s.early.at)
	}
	mustKeep(t, s, 5) // over the first of them
	wantBlocks(t, crash(t, dir), 5)
	if err := s.PutBlocks([]Block{keepable(5), keepable(6)}); err != nil {
		t.Fatal(err)
	}
	mustKeep(t, s, 7, 8, 9) // over more than one
	again = crash(t, dir)
	s.Close()
	wantBlocks(t, again, 9)
	wantBlocks(t, again, 9)
}

// A record that was cut off, or that the power took, is none; what is before it counts.
func TestKeepCutOff(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	mustKeep(t, s, 1)
	whole := s.early.at
	mustKeep(t, s, 2)
	data, err := os.ReadFile(filepath.Join(dir, earlyFile))
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		to := crash(t, dir)
		if err := os.WriteFile(filepath.Join(to, earlyFile), data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		want := uint64(0)
		if int64(n) >= whole {
			want = 1
		}
		if n%7 == 0 || int64(n) == whole || int64(n) == whole-1 {
			wantBlocks(t, to, want)
		}
	}
	data[len(data)-1] ^= 1
	to := crash(t, dir)
	if err := os.WriteFile(filepath.Join(to, earlyFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
	wantBlocks(t, to, 1)
	if err := os.WriteFile(filepath.Join(to, earlyFile), make([]byte, 2*pageSize), 0o600); err != nil {
		t.Fatal(err)
	}
	wantBlocks(t, to, 1) // which the store has by now
}

// Large blocks are not kept, and a store that has failed or is closed keeps none.
func TestKeepRefuses(t *testing.T) {
	full := errors.New("full")
	s := open(t, t.TempDir(), Options{})
	large := keepable(1)
	large.IDs = make([]byte, maxEarly)
	if kept, err := s.Keep([]Block{large}); kept || err != nil {
		t.Errorf("a large block: %v, %v", kept, err)
	}
	s.failure.set(full)
	if kept, err := s.Keep([]Block{keepable(1)}); kept || !errors.Is(err, full) {
		t.Errorf("a store that has failed: %v, %v", kept, err)
	}
	s = open(t, t.TempDir(), Options{})
	s.early.file.Close()
	if kept, err := s.Keep([]Block{keepable(1)}); kept || !errors.Is(err, ErrFailed) {
		t.Errorf("a file that cannot be written: %v, %v", kept, err)
	}
	s = open(t, t.TempDir(), Options{})
	s.Close()
	if kept, err := s.Keep([]Block{keepable(1)}); kept || !errors.Is(err, ErrClosed) {
		t.Errorf("a store that is closed: %v, %v", kept, err)
	}
}

func BenchmarkKeep(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	block := Block{Height: 1, Record: make([]byte, 500), IDs: make([]byte, 35*16), Taken: make([]bft.Hash, 4)}
	b.ReportAllocs()
	for b.Loop() {
		s.early.at = 0
		if _, err := s.Keep([]Block{block}); err != nil {
			b.Fatal(err)
		}
	}
}
