package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/zeebo/blake3"

	"abad/bft"
	"abad/codec"
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

// Large blocks are not kept, nor such of which a batch is not on disk, nor more than the
// file takes; a store that has failed or is closed keeps none.
func TestKeepRefuses(t *testing.T) {
	full := errors.New("full")
	s := open(t, t.TempDir(), Options{})
	refused := func(what string, b Block) {
		t.Helper()
		if kept, err := s.Keep([]Block{b}); kept || err != nil {
			t.Errorf("%s: %v, %v", what, kept, err)
		}
	}
	large := keepable(1)
	large.IDs = make([]byte, maxEarly)
	refused("a large block", large)
	d, data := payload(1, 100)
	without := keepable(1)
	without.Taken = []bft.Hash{d}
	refused("a block without its batch", without)
	stored := s.QueueBatch(d, 0, data)
	refused("a block whose batch is on its way", without)
	if err := stored(); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Keep([]Block{without}); !kept || err != nil {
		t.Errorf("with its batch: %v, %v", kept, err)
	}
	for _, wrong := range []uint64{0, 1, 3} {
		if kept, err := s.Keep([]Block{keepable(wrong)}); kept || !errors.Is(err, ErrHeight) {
			t.Errorf("block %d behind 1: %v, %v", wrong, kept, err)
		}
	}
	for h := uint64(2); ; h++ {
		b := keepable(h)
		b.IDs = make([]byte, maxEarly/2)
		kept, err := s.Keep([]Block{b})
		if err != nil || s.early.at > earlySize {
			t.Fatalf("%d bytes kept, %v", s.early.at, err)
		}
		if !kept {
			break
		}
	}
	s.failure.set(full)
	if kept, err := s.Keep([]Block{keepable(s.early.last + 1)}); kept || !errors.Is(err, full) {
		t.Errorf("a store that has failed: %v, %v", kept, err)
	}
	s = open(t, t.TempDir(), Options{})
	s.early.file.Close()
	refused("a file that cannot be written", keepable(1))
	refused("no file any more", keepable(1))
	if err := s.PutBlock(1, nil, nil, nil); err != nil {
		t.Errorf("without the file: %v", err)
	}
	s = open(t, t.TempDir(), Options{})
	s.Close()
	if kept, err := s.Keep([]Block{keepable(1)}); kept || !errors.Is(err, ErrClosed) {
		t.Errorf("a store that is closed: %v, %v", kept, err)
	}
}

// A put of some of the blocks leaves the others kept.
func TestKeepMoreThanIsPut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	mustKeep(t, s, 1, 2, 3)
	if err := s.PutBlocks([]Block{keepable(1)}); err != nil {
		t.Fatal(err)
	}
	mustKeep(t, s, 4)
	wantBlocks(t, crash(t, dir), 4)
}

// Where a record ends, bytes of an older one begin, and clients have chosen some of
// them. They are no record without this store's key.
func TestForgedEarly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	mustKeep(t, s, 1)
	body := codec.Marshal([]earlyBlock{{Height: 2, Record: keepable(2).Record, IDs: keepable(2).IDs}})
	sized := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	plain := blake3.Sum256(sized)
	for name, c := range map[string]struct {
		record []byte
		height uint64
	}{
		"a checksum":      {append(plain[:macLen:macLen], sized...), 1},
		"the redo log's":  {append(bytes.Clone(s.redo.sum(sized)), sized...), 1},
		"another store's": {append(bytes.Clone(open(t, t.TempDir(), Options{}).early.sum(sized)), sized...), 1},
		"its own":         {s.early.record(body), 2},
	} {
		to := crash(t, dir)
		f, err := os.OpenFile(filepath.Join(to, earlyFile), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(c.record, s.early.at); err != nil {
			t.Fatal(err)
		}
		f.Close()
		t.Log(name)
		wantBlocks(t, to, c.height)
	}
}

// A block that is kept, of which a batch is gone, is none, nor are those behind it.
func TestKeptWithoutItsBatch(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	d := putBatch(t, s, 1, 100)
	second := keepable(2)
	second.Taken = []bft.Hash{d}
	if kept, err := s.Keep([]Block{keepable(1), second, keepable(3)}); !kept || err != nil {
		t.Fatal(kept, err)
	}
	if err := s.DropBatch(d); err != nil {
		t.Fatal(err)
	}
	wantBlocks(t, crash(t, dir), 1)
}

// A file that cannot be used keeps no store from opening, nor does a large one cost
// memory.
func TestEarlyThatIsNone(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"noise":       func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte{0xa5}, 3*earlySize), 0o600) },
		"a hole":      func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40)) },
	} {
		dir := t.TempDir()
		s := open(t, dir, Options{})
		if err := s.PutBlock(1, keepable(1).Record, keepable(1).IDs, nil); err != nil {
			t.Fatal(err)
		}
		s.Close()
		path := filepath.Join(dir, earlyFile)
		if err := errors.Join(os.Remove(path), make(path)); err != nil {
			t.Fatal(err)
		}
		t.Log(name)
		wantBlocks(t, dir, 1)
		if info, err := os.Stat(path); err != nil || !info.IsDir() && info.Size() > 0 {
			t.Errorf("%s is left: %v, %v", name, info, err)
		}
	}
}

func BenchmarkKeep(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	block := Block{Height: 1, Record: make([]byte, 500), IDs: make([]byte, 35*16), Taken: make([]bft.Hash, 4)}
	b.ReportAllocs()
	for b.Loop() {
		s.early.at, s.early.last = 0, 0
		if _, err := s.Keep([]Block{block}); err != nil {
			b.Fatal(err)
		}
	}
}
