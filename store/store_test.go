package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"abad/batch"
	"abad/bft"
	"abad/codec"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	o.Log = quiet
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// payload is a batch of the given size whose digest differs for each n.
func payload(n, size int) (bft.Hash, []byte) {
	data := make([]byte, size)
	binary.BigEndian.PutUint64(data, uint64(n))
	return batch.Digest(data), data
}

func putBatch(t testing.TB, s *Store, n, size int) bft.Hash {
	t.Helper()
	d, data := payload(n, size)
	if err := s.PutBatch(d, bft.ID(n%4), data); err != nil {
		t.Fatal(err)
	}
	return d
}

func pendingDigests(s *Store) (all []bft.Hash) {
	for p := range s.Pending() {
		all = append(all, p.Digest)
	}
	return all
}

// crash copies the directory of an open store: what a machine would find after
// its power failed, had the kernel written everything.
func crash(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.Mkdir(filepath.Join(to, filesDir), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range filesOf(t, dir) {
		if name == "LOCK" {
			continue
		}
		if err := copySparse(filepath.Join(dir, name), filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// filesOf lists the files of a store, those of batches too.
func filesOf(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func copySparse(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(int64(len(data))); err != nil {
		return err
	}
	zero := make([]byte, 64<<10)
	for at := 0; at < len(data); at += len(zero) {
		part := data[at:min(at+len(zero), len(data))]
		if !bytes.Equal(part, zero[:len(part)]) {
			if _, err := f.WriteAt(part, int64(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestEverythingSurvivesCloseAndCrash(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Identity: []byte("node 1")})
	a, b, c := putBatch(t, s, 1, 300), putBatch(t, s, 2, 300<<10), putBatch(t, s, 3, 10)
	ids := bytes.Repeat([]byte("0123456789abcdef"), (idsPart+4096)/16) // two parts
	check := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	check("block 1", s.PutBlock(1, []byte("one"), ids, []bft.Hash{b}))
	check("block 2", s.PutBlock(2, []byte("two"), nil, nil))
	check("certificate", s.PutCertificate(1, []byte("cert")))
	check("append", s.Append([]Record{{7, []byte("x")}, {8, nil}, {7, bytes.Repeat([]byte("y"), 9000)}}))
	check("meta", s.SetMeta("name", []byte{1, 2}))
	check("empty meta", s.SetMeta("empty", nil))

	verify := func(t *testing.T, s *Store) {
		if got := pendingDigests(s); !slices.Equal(got, []bft.Hash{a, c}) {
			t.Errorf("pending: %v", got)
		}
		for p := range s.Pending() {
			if p.Digest == c && (p.Maker != 3 || p.Size != 10) {
				t.Errorf("pending batch %+v", p)
			}
		}
		for i, d := range []bft.Hash{a, b, c} {
			data, err := s.Batch(d)
			if err != nil || batch.Digest(data) != d {
				t.Errorf("batch %d: %d bytes, %v", i, len(data), err)
			}
			if has, err := s.HasBatch(d); !has || err != nil {
				t.Errorf("has batch %d: %v, %v", i, has, err)
			}
		}
		if s.Height() != 2 || s.Certified() != 1 {
			t.Errorf("height %d, certified %d", s.Height(), s.Certified())
		}
		if got, err := s.BlockIDs(1); err != nil || !bytes.Equal(got, ids) {
			t.Errorf("ids: %d bytes, %v", len(got), err)
		}
		if got, err := s.BlockIDs(2); err != nil || len(got) != 0 {
			t.Errorf("no ids: %d bytes, %v", len(got), err)
		}
		if got, err := s.Certificate(1); string(got) != "cert" || err != nil {
			t.Errorf("certificate %q, %v", got, err)
		}
		var walk []string
		err := s.Blocks(1, func(h uint64, r []byte) error { walk = append(walk, fmt.Sprint(h, string(r))); return nil })
		if err != nil || !slices.Equal(walk, []string{"1one", "2two"}) {
			t.Errorf("blocks %q, %v", walk, err)
		}
		if got := journalOf(t, s, 7); len(got) != 2 || got[0] != "x" || len(got[1]) != 9000 {
			t.Errorf("journal of 7: %d records", len(got))
		}
		if got := journalOf(t, s, 8); !slices.Equal(got, []string{""}) {
			t.Errorf("journal of 8: %q", got)
		}
		if got := s.Epochs(); !slices.Equal(got, []uint64{7, 8}) {
			t.Errorf("epochs %v", got)
		}
		if got, err := s.Meta("name"); string(got) != "\x01\x02" || err != nil {
			t.Errorf("meta %q, %v", got, err)
		}
		if got, err := s.Meta("empty"); len(got) != 0 || err != nil {
			t.Errorf("empty meta %q, %v", got, err)
		}
	}
	t.Run("open", func(t *testing.T) { verify(t, s) })
	t.Run("after a crash", func(t *testing.T) { verify(t, open(t, crash(t, dir), Options{Identity: []byte("node 1")})) })
	check("close", s.Close())
	t.Run("after close", func(t *testing.T) { verify(t, open(t, dir, Options{})) })
}

func TestNotFound(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	for name, get := range map[string]func() ([]byte, error){
		"batch":       func() ([]byte, error) { return s.Batch(bft.Hash{1}) },
		"block":       func() ([]byte, error) { return s.Block(1) },
		"ids":         func() ([]byte, error) { return s.BlockIDs(1) },
		"certificate": func() ([]byte, error) { return s.Certificate(1) },
		"meta":        func() ([]byte, error) { return s.Meta("x") },
	} {
		if data, err := get(); !errors.Is(err, ErrNotFound) || data != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if has, err := s.HasBatch(bft.Hash{1}); has || err != nil {
		t.Errorf("has: %v, %v", has, err)
	}
	if err := s.Err(); err != nil {
		t.Errorf("not to find something failed the store: %v", err)
	}
}

func TestSecondOpenIsLockedOut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	if _, err := Open(dir, Options{Log: quiet}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second open: %v", err)
	}
	s.Close()
	open(t, dir, Options{})
}

func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{}).Close() // not bound yet
	open(t, dir, Options{Identity: []byte("a")}).Close()
	if _, err := Open(dir, Options{Identity: []byte("b"), Log: quiet}); !errors.Is(err, ErrIdentity) {
		t.Fatalf("another node: %v", err)
	}
	open(t, dir, Options{}).Close()
	open(t, dir, Options{Identity: []byte("a")}).Close()
}

func TestUnknownFormat(t *testing.T) {
	set := func(record []byte) string {
		dir := t.TempDir()
		s := open(t, dir, Options{})
		var w write
		if w.set(namedKey(formatName), record); record == nil {
			w = write{}
			w.remove(namedKey(formatName))
			w.set(namedKey("other"), nil)
		}
		if err := s.write(&w); err != nil {
			t.Fatal(err)
		}
		s.Close()
		return dir
	}
	for name, record := range map[string][]byte{
		"later":   codec.Marshal(formatRecord{Format: format + 1}),
		"garbage": []byte("???"),
		"missing": nil,
	} {
		if _, err := Open(set(record), Options{Log: quiet}); !errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClosed(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if _, err := s.Meta("x"); !errors.Is(err, ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if err := s.SetMeta("x", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("write: %v", err)
	}
}

func TestCloseWaitsForCallsAndRefusesNestedOnes(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	for h := uint64(1); h <= 2; h++ {
		if err := s.PutBlock(h, []byte("block"), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	closing := make(chan error)
	seen := 0
	err := s.Blocks(1, func(h uint64, record []byte) error {
		if seen++; seen == 1 {
			go func() { closing <- s.Close() }()
			for s.Err() == nil { // until Close has begun
				if _, err := s.Block(1); errors.Is(err, ErrClosed) {
					break
				}
			}
			for range 1000 {
				runtime.Gosched()
			}
		}
		if s.db.IsClosed() {
			t.Error("closed under a reader")
		}
		if string(record) != "block" {
			t.Errorf("read %q from a database that is gone", record)
		}
		return nil
	})
	if err != nil || seen != 2 {
		t.Errorf("%d blocks, %v", seen, err)
	}
	if err := <-closing; err != nil {
		t.Error(err)
	}
}

func TestOptionsFitTheLimits(t *testing.T) {
	o := badgerOptions("dir", nil)
	if o.ValueThreshold != valueThreshold || o.MemTableSize != memTable || o.ValueLogFileSize != valueLogFile || !o.SyncWrites {
		t.Errorf("%+v", o)
	}
	if int64(maxInline) >= 15*o.MemTableSize/100 {
		t.Errorf("a write of %d bytes does not fit into a transaction of badger's", maxInline)
	}
}

// small makes files so small that a test sees them rotate.
func small(o *badger.Options) {
	o.ValueLogFileSize = 1 << 20
	o.MemTableSize = 256 << 10
	o.NumLevelZeroTables = 1
}
