package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abad/codec"
)

// fold makes badger take over what the redo log has.
func fold(t *testing.T, s *Store) {
	t.Helper()
	if err := errors.Join(s.settle(), s.fold(nil, size{})); err != nil {
		t.Fatal(err)
	}
}

// lastRecord reads a redo log, and says where its last record begins and ends.
func lastRecord(t *testing.T, dir string) (data []byte, begin, end int) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, redoFile))
	if err != nil {
		t.Fatal(err)
	}
	r, err := headed(data)
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for at := pageSize; at < len(data); at += pageSize {
		if number, _, size := r.read(data[at:]); size > 0 && number > last {
			begin, last = at, number
			end = at + redoHead + int(binary.BigEndian.Uint32(data[at+macLen+8:]))
		}
	}
	return data, begin, end
}

// What reads see is the same whether it is in memory, in badger or partly in each,
// and after a crash.
func TestRecentAndFolded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	s := open(t, dir, Options{})
	want := map[string]string{}
	name := func() string { return fmt.Sprint("name ", random.IntN(40)) }
	check := func() {
		t.Helper()
		got := map[string]string{}
		var names []string
		err := s.Metas("name", func(name string, data []byte) error {
			got[name] = string(data)
			names = append(names, name)
			return nil
		})
		if err != nil || !maps.Equal(got, want) || !slices.IsSorted(names) {
			t.Fatalf("%d of %d records, sorted %v, %v", len(got), len(want), slices.IsSorted(names), err)
		}
		for i := range 40 {
			name := fmt.Sprint("name ", i)
			data, err := s.Meta(name)
			if value, here := want[name]; here != (err == nil) || string(data) != value {
				t.Fatalf("%s: %q where %q is right, %v", name, data, value, err)
			}
		}
	}
	for i := range 600 {
		switch n := name(); random.IntN(13) {
		default:
			want[n] = strings.Repeat(fmt.Sprint(i), 1+random.IntN(50))
			if err := s.SetMeta(n, []byte(want[n])); err != nil {
				t.Fatal(err)
			}
		case 0, 1, 2:
			delete(want, n)
			if err := s.DropMeta(n); err != nil {
				t.Fatal(err)
			}
		case 3:
			want[n] = strings.Repeat("large", maxRedo/5+1) // with all before it to badger
			if err := s.SetMeta(n, []byte(want[n])); err != nil {
				t.Fatal(err)
			}
		case 4:
			fold(t, s)
		case 6:
			if err := s.turn(); err != nil {
				t.Fatal(err)
			}
		case 5:
			s.recent.size = size{} // so that Close leaves it to the log, as a crash does
			s.Close()
			s = open(t, dir, Options{})
		}
		if i%10 == 0 {
			check()
		}
	}
	check()
}

// The log begins anew when it is full, and is read back whole whatever is left of
// older rounds behind its end.
func TestTheLogGoesRound(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	rounds, before := 0, int64(0)
	var last string
	for i := 0; rounds < 3; i++ {
		last = fmt.Sprint(i)
		if err := s.SetMeta("counter", append(make([]byte, 3*pageSize), last...)); err != nil {
			t.Fatal(err)
		}
		if s.redo.at < before {
			rounds++ // of both halves
		}
		before = s.redo.at
		if i%97 == 0 || s.redo.at < halves[s.redo.half].begin+6*pageSize {
			c := open(t, crash(t, s.dir), Options{})
			if data, err := c.Meta("counter"); err != nil || string(data[3*pageSize:]) != last {
				t.Fatalf("write %d is lost: %v", i, err)
			}
			if c.Transactions() != s.Transactions() {
				t.Fatalf("%d writes, and %d before the crash", c.Transactions(), s.Transactions())
			}
			c.Close()
		}
	}
}

// Power fails between a transaction's pages: the redo log still has all of it.
func TestAFoldCutShort(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	fold(t, s)
	for n := 1; n <= 12; n++ {
		if err := writeStep(s, n); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.ReadFile(filepath.Join(s.dir, redoFile))
	if err != nil {
		t.Fatal(err)
	}
	fold(t, s)
	for _, cut := range []int{1, 30, 1000} {
		torn := crash(t, s.dir)
		tearTransaction(t, torn, cut)
		if err := os.WriteFile(filepath.Join(torn, redoFile), log, 0o600); err != nil {
			t.Fatal(err)
		}
		verifySteps(t, open(t, torn, Options{}), 12)
	}
	torn := crash(t, s.dir)
	tearTransaction(t, torn, memTable) // all of them
	if _, err := Open(torn, Options{Log: quiet}); !errors.Is(err, ErrDamaged) {
		t.Errorf("without what badger had: %v", err)
	}
}

// The process ends, or power fails, while badger has not got what the one half of the log
// has, and the other one has newer records; and so again.
func TestACrashBesideAFold(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	n := 0
	fill := func() {
		for half := s.redo.half; s.redo.half == half; {
			n++
			if err := s.SetMeta(fmt.Sprint("name ", n), make([]byte, 3*pageSize)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for round := range 5 {
		before := crash(t, s.dir) // as badger was
		fill()
		log, err := os.ReadFile(filepath.Join(s.dir, redoFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.settle(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(before, redoFile), log, 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c := open(t, before, Options{})
			for i := 1; i <= n; i++ {
				if _, err := c.Meta(fmt.Sprint("name ", i)); err != nil {
					t.Fatalf("round %d: write %d of %d is lost: %v", round, i, n, err)
				}
			}
			if c.Transactions() != s.Transactions() || c.redo.half != s.redo.half || c.redo.at != s.redo.at {
				t.Fatalf("round %d: the log goes on at %d with %d writes, not at %d with %d", round, c.redo.at, c.Transactions(), s.redo.at, s.Transactions())
			}
			// The other half is free to be written to.
			has, err := c.get(foldedKey)
			want, err2 := s.get(foldedKey)
			if !bytes.Equal(has, want) || err != nil || err2 != nil {
				t.Fatalf("round %d: badger has all up to %x, and it should up to %x: %v, %v", round, has, want, err, err2)
			}
			c.recent.size = size{} // so that Close leaves the rest to the log
			c.Close()
		}
	}
}

// Badger's files are of long ago, and those of the redo log are not.
func TestBadgerIsBehind(t *testing.T) {
	s := open(t, t.TempDir(), Options{Unsynced: true})
	for _, writes := range []int{1, redoSize / pageSize, 3 * redoSize / pageSize} {
		before := crash(t, s.dir)
		fold(t, s) // so that not everything is in the log
		for range writes {
			if err := s.SetMeta("x", []byte("y")); err != nil {
				t.Fatal(err)
			}
		}
		log, err := os.ReadFile(filepath.Join(s.dir, redoFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.settle(), os.WriteFile(filepath.Join(before, redoFile), log, 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(before, Options{Log: quiet}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d writes later: %v", writes, err)
		}
	}
}

// Nothing is written over what badger has not got yet, and nothing of badger's order is
// turned around: whoever needs the other half, or badger, waits for the fold.
func TestOneFoldAtATime(t *testing.T) {
	large := make([]byte, maxRedo+1)
	for name, call := range map[string]func(*Store) error{
		"the next half": (*Store).turn,
		"a large write": func(s *Store) error { return s.SetMeta("large", large) },
		"Close":         (*Store).Close,
	} {
		s := open(t, t.TempDir(), Options{})
		folding, done := make(chan error), make(chan error)
		s.folding = folding
		go func() { done <- call(s) }()
		select {
		case err := <-done:
			t.Errorf("%s did not wait: %v", name, err)
			close(folding)
		case folding <- nil:
			if err := <-done; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The log of format 2 had no halves.
func TestFormat2(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	fold(t, s)
	for i := range 200 {
		name := fmt.Sprint("name ", i)
		e := entry{key: namedKey(name), value: make([]byte, 4*pageSize)}
		kept, err := s.redo.append(s.writes.Add(1), []entry{e})
		if err != nil {
			t.Fatal(err)
		}
		s.recent.add(kept, size{})
	}
	if s.redo.at <= redoMiddle+pageSize {
		t.Fatal("the test tests nothing")
	}
	old := codec.Marshal(formatRecord{Format: 2})
	kept, err := s.redo.append(s.writes.Add(1), []entry{{key: namedKey(formatName), value: old}})
	if err != nil {
		t.Fatal(err)
	}
	s.recent.add(kept, size{})
	s.Close()
	for range 2 {
		s = open(t, dir, Options{})
		if s.redo.half != 0 {
			t.Error("it goes on in a half where something is that badger may not have")
		}
		for i := range 200 {
			if _, err := s.Meta(fmt.Sprint("name ", i)); err != nil {
				t.Fatalf("write %d is lost: %v", i, err)
			}
		}
		var r formatRecord
		if data, err := s.get(namedKey(formatName)); err != nil || codec.Unmarshal(data, &r) != nil || r.Format != format {
			t.Errorf("%+v, %v", r, err)
		}
		s.recent.size = size{}
		s.Close()
	}
}

// What clients choose cannot pass for a record: neither what lies where a torn one
// was, nor a record of another store.
func TestForgedRecords(t *testing.T) {
	other := open(t, t.TempDir(), Options{})
	forged := func(number uint64) []byte {
		data := make([]byte, redoHead)
		binary.BigEndian.PutUint64(data[macLen:], number)
		data = encodeEntries(data, []entry{{key: namedKey("forged"), value: []byte("x")}})
		binary.BigEndian.PutUint32(data[macLen+8:], uint32(len(data)-redoHead))
		copy(data, other.redo.sum(data[macLen:]))
		return append(data, make([]byte, pageSize-len(data))...)
	}
	s := open(t, t.TempDir(), Options{})
	last := s.Transactions()
	log, err := os.OpenFile(filepath.Join(s.dir, redoFile), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for i := range uint64(8) {
		if _, err := log.WriteAt(forged(last+1+i), s.redo.at+int64(i)*pageSize); err != nil {
			t.Fatal(err)
		}
	}
	c := open(t, crash(t, s.dir), Options{})
	if _, err := c.Meta("forged"); !errors.Is(err, ErrNotFound) || c.Transactions() != last {
		t.Errorf("%d writes where there were %d, %v", c.Transactions(), last, err)
	}
	other.redo.mac = s.redo.mac // with the store's own key it does pass
	if _, err := log.WriteAt(forged(last+1), s.redo.at); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, crash(t, s.dir), Options{}).Meta("forged"); err != nil {
		t.Errorf("the test forges badly: %v", err)
	}
}

// A store from before the redo log gets one.
func TestFormat1(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Identity: []byte("me")})
	if err := s.SetMeta("old", []byte("data")); err != nil {
		t.Fatal(err)
	}
	fold(t, s)
	txn := s.db.NewTransactionAt(s.durable.Load(), true)
	old := codec.Marshal(formatRecord{Format: 1, Identity: []byte("me")})
	if err := errors.Join(txn.Set(namedKey(formatName), old), txn.Delete(foldedKey), txn.CommitAt(s.durable.Load()+1, nil)); err != nil {
		t.Fatal(err)
	}
	s.durable.Add(1)
	s.Close()
	if err := os.Remove(filepath.Join(dir, redoFile)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s = open(t, dir, Options{Identity: []byte("me")})
		if data, err := s.Meta("old"); string(data) != "data" {
			t.Errorf("%q, %v", data, err)
		}
		var r formatRecord
		if data, err := s.get(namedKey(formatName)); err != nil || codec.Unmarshal(data, &r) != nil || r.Format != format || string(r.Identity) != "me" {
			t.Errorf("%+v, %v", r, err)
		}
		s.Close()
	}
	if _, err := Open(dir, Options{Identity: []byte("you"), Log: quiet}); !errors.Is(err, ErrIdentity) {
		t.Errorf("as another: %v", err)
	}
}

func FuzzDecodeEntries(f *testing.F) {
	f.Add(encodeEntries(nil, []entry{{key: []byte("k"), value: []byte("v")}, {key: []byte("gone"), remove: true}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := decodeEntries(data)
		if err != nil {
			return
		}
		again, err := decodeEntries(encodeEntries(nil, entries))
		if err != nil || len(again) != len(entries) {
			t.Fatalf("%d entries, and %d read back: %v", len(entries), len(again), err)
		}
	})
}

// A large write takes along what is recent: one transaction, whatever its size.
func TestALargeWriteIsOneTransaction(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	for _, size := range []int{maxRedo + 1, maxGroupPayload, maxGroupPayload + 1<<20} {
		if err := s.SetMeta("small", make([]byte, valueThreshold)); err != nil {
			t.Fatal(err)
		}
		before := s.durable.Load()
		if err := s.SetMeta("large", make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if got := s.durable.Load() - before; got != 1 {
			t.Errorf("%d bytes take %d transactions", size, got)
		}
	}
}
