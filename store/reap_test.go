package store

import (
	"errors"
	"slices"
	"testing"

	"abad/bft"
)

// The room of a dropped batch comes back: as a hole at first, with the file when it has
// no other batch and gets none. Nothing goes while somebody reads who may have found
// the record before.
func TestReap(t *testing.T) {
	const size = 8 * LargeBatch
	s := open(t, t.TempDir(), Options{})
	a, b, c := putBatch(t, s, 1, size), putBatch(t, s, 2, size), putBatch(t, s, 3, size)
	small := putBatch(t, s, 4, 10)
	drop := func(digests ...bft.Hash) {
		t.Helper()
		for _, d := range digests {
			if err := s.DropBatch(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(when string, files int, room int64) {
		t.Helper()
		if got := len(batchFiles(t, s)); got != files {
			t.Errorf("%s: %d files, want %d", when, got, files)
		}
		if got := batchRoom(t, s); got < room-8<<10 || got > room+8<<10 {
			t.Errorf("%s: %d bytes, want %d", when, got, room)
		}
	}
	reap := func() {
		t.Helper()
		if err := s.reap(); err != nil {
			t.Fatal(err)
		}
	}
	drop(a, a, small)
	if err := s.LookBatch(b, func([]byte) { reap() }); err != nil {
		t.Fatal(err)
	}
	want("while somebody reads", 1, 3*size)
	reap()
	want("one dropped", 1, 2*size)
	putBatch(t, s, 1, size)
	if _, err := s.Batch(a); err != nil {
		t.Errorf("dropped, and come again: %v", err)
	}
	drop(a, b, c)
	reap()
	want("all dropped", 1, 0)
	fillFile(s)
	d := putBatch(t, s, 5, size)
	reap()
	want("the next file", 1, size)
	fillFile(s)
	e := putBatch(t, s, 6, size)
	drop(d)
	reap()
	want("a third one", 1, size)
	s.Close()
	s = open(t, s.dir, Options{})
	drop(e)
	reap()
	want("opened again", 0, 0)
	if len(s.files.live) > 0 || len(s.files.dropped) > 0 {
		t.Errorf("%v %v", s.files.live, s.files.dropped)
	}
}

// Readers come and go all the time on a busy node, and the room comes back all the same.
func TestReapBetweenReaders(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	kept := putBatch(t, s, 1, LargeBatch)
	for n := 2; n < 12; n++ {
		if err := s.DropBatch(putBatch(t, s, n, LargeBatch)); err != nil {
			t.Fatal(err)
		}
	}
	reading, met, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		s.LookBatch(kept, func([]byte) {
			close(reading)
			<-met
		})
	}()
	<-reading
	pauses := 0
	s.files.pause = func() {
		if pauses++; pauses == reapTries-1 {
			close(met)
			<-left
		}
	}
	if err := s.reap(); err != nil {
		t.Fatal(err)
	}
	if pauses != reapTries-1 {
		close(met) // or else the store cannot be closed
		t.Errorf("%d pauses", pauses)
	}
	if len(s.files.dropped) > 0 {
		t.Errorf("%d dropped batches keep their room", len(s.files.dropped))
	}
}

// A batch whose record is still to come keeps its file, also when that gets no more.
func TestReapBeforeTheRecord(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if err := errors.Join(s.DropBatch(putBatch(t, s, 1, LargeBatch)), s.reap()); err != nil {
		t.Fatal(err)
	}
	record := make([]byte, placeSize)
	for n := 2; n <= 3; n++ {
		_, data := payload(n, LargeBatch)
		if err := s.files.put([]inFile{{data, record}}); err != nil {
			t.Fatal(err)
		}
		fillFile(s)
	}
	if err := s.reap(); err != nil {
		t.Fatal(err)
	}
	if got := batchFiles(t, s); len(got) != 2 {
		t.Errorf("files %v", got)
	}
}

// Records that come and go in one group count once.
func TestGoneByOneGroup(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	d := putBatch(t, s, 1, LargeBatch)
	at := func(file uint64) []byte {
		record := make([]byte, placeSize)
		place{file: file}.put(record)
		return record
	}
	key, other := placeOf(d), placeOf(bft.Hash{1})
	gone, err := s.gone([]entry{
		{key: key, remove: true}, {key: key, remove: true}, {key: key, value: at(5)}, {key: key, remove: true}, {key: key, value: at(6)},
		{key: other, remove: true}, {key: other, value: at(7)}, {key: numberKey(blockKey, 1), value: []byte("x")},
	})
	var list []uint64
	for _, p := range gone {
		list = append(list, p.file)
	}
	if want := []uint64{1, 5}; err != nil || !slices.Equal(list, want) {
		t.Errorf("%v, %v, want %v", list, err, want)
	}
}
