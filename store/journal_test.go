package store

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

func journalOf(t testing.TB, s *Store, epoch uint64) (all []string) {
	t.Helper()
	if err := s.Journal(epoch, func(data []byte) error { all = append(all, string(data)); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestJournalKeepsItsOrderOverRestarts(t *testing.T) {
	dir := t.TempDir()
	want := map[uint64][]string{}
	n := 0
	for range 3 {
		s := open(t, dir, Options{})
		for range 50 {
			var records []Record
			for range 5 {
				epoch := uint64(n % 3)
				// Lengths around those of a part and of a varint's second byte.
				data := fmt.Sprintf("%d %*d", n, []int{1, 130, smallPart, 3 * smallPart}[n%4], n)
				records = append(records, Record{epoch, []byte(data)})
				want[epoch] = append(want[epoch], data)
				n++
			}
			if err := s.Append(records); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
	}
	s := open(t, dir, Options{})
	for epoch, records := range want {
		if got := journalOf(t, s, epoch); !slices.Equal(got, records) {
			t.Errorf("epoch %d: %d records, want %d in order", epoch, len(got), len(records))
		}
	}
}

func TestJournalStopsAtTheCallersError(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if err := s.Append([]Record{{1, []byte("a")}, {1, []byte("b")}}); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	if err := s.Journal(1, func([]byte) error { return stop }); !errors.Is(err, stop) || s.Err() != nil {
		t.Errorf("%v, %v", err, s.Err())
	}
}

func TestTrim(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for epoch := range uint64(6) {
		if err := s.Append([]Record{{epoch, fmt.Append(nil, epoch)}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, upTo := range []uint64{3, 1, 3} { // the later ones ask for nothing new
		if err := s.Trim(upTo); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Append([]Record{{2, []byte("late")}, {5, []byte("more")}}); err != nil {
		t.Fatal(err)
	}
	verify := func(s *Store) {
		t.Helper()
		if got := s.Epochs(); !slices.Equal(got, []uint64{4, 5}) {
			t.Errorf("epochs %v", got)
		}
		if got := journalOf(t, s, 2); got != nil {
			t.Errorf("trimmed epoch: %q", got)
		}
		if got := journalOf(t, s, 5); !slices.Equal(got, []string{"5", "more"}) {
			t.Errorf("kept epoch: %q", got)
		}
	}
	verify(s)
	s.Close()
	verify(open(t, dir, Options{}))
	if err := s.Trim(math.MaxUint64); err == nil {
		t.Error("trimmed the epoch after which there is none")
	}
}

func TestATrimCutShortLeavesNoHalfJournal(t *testing.T) {
	dir := t.TempDir()
	var writes, allowed int
	die := errors.New("died")
	s := open(t, dir, Options{BeforeWrite: func() error {
		if writes++; allowed > 0 && writes > allowed {
			return die
		}
		return nil
	}})
	large := make([]byte, 50*smallPart) // one record over many parts
	const appends = maxEntries/50 + 1   // more than one transaction removes
	for range appends {
		if err := s.Append([]Record{{1, large}, {2, []byte("next")}}); err != nil {
			t.Fatal(err)
		}
	}
	writes, allowed = 0, 1 // the mark and the first of the removals
	if err := s.Trim(1); !errors.Is(err, die) {
		t.Fatalf("%d writes were enough: %v", writes, err)
	}
	s.Close()
	s = open(t, dir, Options{})
	if got := s.Epochs(); !slices.Equal(got, []uint64{2}) {
		t.Errorf("epochs %v", got)
	}
	if got := journalOf(t, s, 1); got != nil {
		t.Errorf("%d records of the trimmed epoch", len(got))
	}
	if got := journalOf(t, s, 2); len(got) != appends {
		t.Errorf("%d records of the next epoch", len(got))
	}
}

func TestDropOneEpoch(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for _, e := range []uint64{5, 1 << 63, 1<<63 + 1} {
		if err := s.Append([]Record{{Epoch: e, Data: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Drop(1 << 63); err != nil {
		t.Fatal(err)
	}
	if err := s.Trim(5); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := s.Epochs(); len(got) != 1 || got[0] != 1<<63+1 {
			t.Errorf("epochs %v", got)
		}
		if got := journalOf(t, s, 1<<63+1); len(got) != 1 {
			t.Errorf("the one beside it has %v", got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir, Options{})
	}
}

func TestMetasByPrefix(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	for _, name := range []string{"b/2", "a", "b/1", "b/3", "c"} {
		if err := s.SetMeta(name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DropMeta("b/3"); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]string{"b/": "b/1 b/2 ", "": "a b/1 b/2 c "} {
		got := ""
		err := s.Metas(prefix, func(name string, data []byte) error {
			if name != string(data) {
				t.Errorf("%q has %q", name, data)
			}
			got += name + " "
			return nil
		})
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", prefix, got, err)
		}
	}
}

func TestCut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for epoch := range uint64(8) {
		if err := s.Append([]Record{{epoch, fmt.Append(nil, epoch)}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, cut := range [][2]uint64{{9, 100}, {6, 5}, {5, 6}, {5, 6}} { // only the third one cuts
		if err := s.Cut(cut[0], cut[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Cut(0, math.MaxUint64); err == nil {
		t.Error("cut the epoch after which there is none")
	}
	if err := s.Append([]Record{{5, []byte("new")}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := s.Epochs(); !slices.Equal(got, []uint64{0, 1, 2, 3, 4, 5, 7}) {
			t.Errorf("epochs %v", got)
		}
		if got := journalOf(t, s, 5); !slices.Equal(got, []string{"new"}) {
			t.Errorf("an epoch that was cut and written again: %q", got)
		}
		s.Close()
		s = open(t, dir, Options{})
	}
}
