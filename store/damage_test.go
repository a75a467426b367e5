package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

// everything reads all that a store has.
func everything(s *Store) (map[string]string, error) {
	all := map[string]string{}
	err := s.scan(nil, nil, func(key []byte, r record) error {
		if inFiles(key[0]) {
			data, err := s.readFile(key, r)
			all[string(key)] = string(data)
			return err
		}
		return r.value(func(value []byte) error {
			if key[0] != ownKey {
				all[string(key)] = string(value)
			}
			return nil
		})
	})
	if err == nil {
		err = s.Err() // badger may only have logged it
	}
	return all, err
}

// fullStore makes a store that has files of every kind, and gives two copies of it:
// as a crash leaves it, and closed in order.
func fullStore(t *testing.T) (crashed, closed string, all map[string]string) {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, Options{tune: small})
	step := func(n int) {
		d, _ := payload(n, 8)
		_, err := s.Keep([]Block{{uint64(n), fmt.Append(nil, n), d[:], nil}})
		if err == nil {
			err = writeStep(s, n)
		}
		if err == nil && n%5 == 0 { // for badger
			err = s.SetMeta("large", bytes.Repeat([]byte{byte(n)}, maxRedo+1))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n <= 30; n++ {
		step(n)
		if err := s.SetMeta(fmt.Sprint("filler ", n), make([]byte, valueThreshold-1)); err != nil {
			t.Fatal(err)
		}
	}
	putBatch(t, s, 1000, LargeBatch)
	s.Close()
	s = open(t, dir, Options{tune: func(o *badger.Options) {
		small(o)
		o.NumCompactors = 0 // or files change while they are copied
	}})
	for n := 31; n <= 50; n++ {
		step(n)
	}
	all, err := everything(s)
	if err != nil {
		t.Fatal(err)
	}
	crashed = crash(t, dir)
	s.Close()
	closed = crash(t, dir)
	for _, dir := range []string{crashed, closed} {
		if got := after(t, crash(t, dir), "untouched", all); got != "nothing lost" {
			t.Fatalf("an untouched store: %s", got)
		}
	}
	return crashed, closed, all
}

// after opens a store in which something was done to a file, and says what came of
// it: the store was refused, or the damage was found when it was read, or nothing
// is missing. Anything else fails the test.
func after(t *testing.T, dir, what string, all map[string]string) string {
	t.Helper()
	s, err := Open(dir, Options{Log: quiet, tune: small})
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", what, err)
		}
		return "refused"
	}
	defer s.Close()
	got, err := everything(s)
	switch {
	case errors.Is(err, ErrFailed):
		return "found when read"
	case err != nil:
		t.Errorf("%s: %v", what, err)
	case !maps.Equal(got, all):
		t.Errorf("%s: %d of %d records are there, and nobody says so", what, len(got), len(all))
	}
	return "nothing lost"
}

func kindOf(name string) string {
	if dir := filepath.Dir(name); dir != "." {
		return dir
	}
	if ext := filepath.Ext(name); ext != "" {
		return "*" + ext
	}
	return name
}

// A byte that has changed, anywhere in any file, is found or changes nothing. The
// exception is the last transaction of a store that was not closed, which the test
// leaves out: its damage looks like the crash's own.
func TestAFlippedByte(t *testing.T) {
	crashed, closed, all := fullStore(t)
	outcomes := map[string]map[string]int{}
	for state, from := range map[string]string{"crashed": crashed, "closed": closed} {
		for _, name := range filesOf(t, from) {
			data, err := os.ReadFile(filepath.Join(from, name))
			if err != nil {
				t.Fatal(err)
			}
			used := len(data)
			for used > 0 && data[used-1] == 0 {
				used--
			}
			kind := state + " " + kindOf(name)
			switch {
			case strings.HasSuffix(name, ".mem"):
				used = lastTransaction(t, data)
			case name == redoFile && state == "crashed":
				_, used, _ = lastRecord(t, from)
			}
			if outcomes[kind] == nil {
				outcomes[kind] = map[string]int{}
			}
			for _, at := range places(used) {
				to := crash(t, from)
				flipped := slices.Clone(data)
				flipped[at] ^= 0x10
				if err := os.WriteFile(filepath.Join(to, name), flipped, 0o600); err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("%s: byte %d of %d of %s", state, at, used, name)
				outcomes[kind][after(t, to, what, all)]++
				os.RemoveAll(to)
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%-22s %v", kind, outcomes[kind])
	}
	for _, kind := range []string{"crashed *.mem", "crashed *.vlog", "crashed MANIFEST", "crashed REDO", "crashed batches", "closed batches", "closed *.sst", "closed MANIFEST"} {
		if outcomes[kind]["refused"]+outcomes[kind]["found when read"] == 0 {
			t.Errorf("%s: no flipped byte was found", kind)
		}
	}
}

// places are some of the bytes of a file.
func places(size int) (list []int) {
	const most = 14
	for i := range min(most, size) {
		list = append(list, i*size/min(most, size))
	}
	return list
}

// lastTransaction is where the last transaction of a write-ahead log begins.
func lastTransaction(t *testing.T, data []byte) int {
	t.Helper()
	at, begin, last := logHead, logHead, logHead
	for {
		size, fin, _ := entryAt(data[at:])
		if size == 0 {
			return last
		}
		if at += size; fin {
			begin, last = at, begin
		}
	}
}

// A file that is missing is found or not needed.
func TestADeletedFile(t *testing.T) {
	crashed, closed, all := fullStore(t)
	outcomes := map[string][]string{}
	for state, from := range map[string]string{"crashed": crashed, "closed": closed} {
		for _, name := range filesOf(t, from) {
			to := crash(t, from)
			if err := os.Remove(filepath.Join(to, name)); err != nil {
				t.Fatal(err)
			}
			kind := state + " " + kindOf(name)
			outcomes[kind] = append(outcomes[kind], after(t, to, state+" without "+name, all))
		}
	}
	for kind, want := range map[string]string{
		"crashed *.mem": "refused", "crashed MANIFEST": "refused", "closed MANIFEST": "refused", "closed *.sst": "refused",
		"crashed REDO": "refused", "closed REDO": "refused",
	} {
		if !slices.Contains(outcomes[kind], want) || slices.Contains(outcomes[kind], "nothing lost") {
			t.Errorf("%s: %v", kind, outcomes[kind])
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%-22s %v", kind, outcomes[kind])
	}
}

// A store that was closed, killed while it closed, or refused, opens again.
func TestTheMarkComesFirst(t *testing.T) {
	crashed, closed, all := fullStore(t)
	for _, dir := range []string{crashed, closed} {
		for _, identity := range []string{"one", "another", "one"} {
			s, err := Open(dir, Options{Log: quiet, tune: small, Identity: []byte(identity)})
			if err == nil {
				err = s.Close()
			}
			if want := identity == "another"; errors.Is(err, ErrIdentity) != want || (err != nil) != want {
				t.Fatalf("as %s: %v", identity, err)
			}
		}
		s := open(t, dir, Options{tune: small})
		if got, err := everything(s); err != nil || len(got) != len(all) {
			t.Errorf("%d of %d records, %v", len(got), len(all), err)
		}
		s.Close()
	}
}
