package store

import (
	"bytes"
	"slices"
	"testing"
)

// Many value ids are in a file, few are not; a backup has them alike, and when they are
// dropped their room comes back.
func TestIDsInFiles(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	sizes := []int{16, LargeBatch - 16, LargeBatch, idsPart + 16, idsPart + LargeBatch, 0, 32}
	ids := func(height int) []byte { return bytes.Repeat([]byte{byte(height)}, sizes[height-1]) }
	inFile := 0
	for i := range sizes {
		before := s.files.end
		if err := s.PutBlock(uint64(i+1), []byte("record"), ids(i+1), nil); err != nil {
			t.Fatal(err)
		}
		if sizes[i] < LargeBatch != (s.files.end == before) {
			t.Errorf("%d bytes: %d in the file", sizes[i], s.files.end-before)
		}
		inFile += int(s.files.end - before)
	}
	var backup bytes.Buffer
	if err := s.Backup(&backup); err != nil {
		t.Fatal(err)
	}
	restored := t.TempDir()
	if err := Restore(restored, Options{Log: quiet}, bytes.NewReader(backup.Bytes())); err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]*Store{"the store": s, "after a crash": open(t, crash(t, dir), Options{}), "restored": open(t, restored, Options{})} {
		for i, size := range sizes {
			if got, err := s.BlockIDs(uint64(i + 1)); err != nil || !bytes.Equal(got, ids(i+1)) {
				t.Errorf("%s: %d bytes of %d, %v", what, len(got), size, err)
			}
		}
		if got := batchRoom(t, s); got < int64(inFile) {
			t.Errorf("%s: %d bytes are in files, want %d", what, got, inFile)
		}
	}

	if next, err := s.DropIDs(1, 4); next != 5 || err != nil {
		t.Errorf("on from %d, %v", next, err)
	}
	for i := range sizes {
		want := ids(i + 1)
		if i < 4 {
			want = nil
		}
		if got, err := s.BlockIDs(uint64(i + 1)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("block %d: %d bytes, %v", i+1, len(got), err)
		}
	}
	if next, err := s.DropIDs(5, 5); next != 6 || err != nil {
		t.Errorf("on from %d, %v", next, err)
	}
	if err := s.reap(); err != nil {
		t.Fatal(err)
	}
	if got := batchRoom(t, s); got > 8<<10 {
		t.Errorf("%d bytes are left", got)
	}
	if next, err := s.DropIDs(1, 6); next != 7 || err != nil { // nothing is there
		t.Errorf("on from %d, %v", next, err)
	}
}

// A step of dropping ids is bounded, and passes over blocks without any.
func TestDropIDsInSteps(t *testing.T) {
	s := open(t, t.TempDir(), Options{Unsynced: true})
	var blocks []Block
	for h := uint64(1); h <= 700; h++ {
		b := Block{Height: h, Record: []byte("r")}
		if h > 100 {
			b.IDs = make([]byte, 16)
		}
		blocks = append(blocks, b)
	}
	if err := s.PutBlocks(blocks); err != nil {
		t.Fatal(err)
	}
	var steps []uint64
	for from := uint64(1); from <= 600; {
		next, err := s.DropIDs(from, 600)
		if err != nil || next <= from {
			t.Fatalf("from %d: %d, %v", from, next, err)
		}
		steps, from = append(steps, next), next
	}
	if want := []uint64{257, 513, 601}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	for h := uint64(1); h <= 700; h++ {
		if got, err := s.BlockIDs(h); err != nil || (len(got) > 0) != (h > 600) {
			t.Fatalf("block %d: %d bytes, %v", h, len(got), err)
		}
	}
}
