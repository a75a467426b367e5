package store

import (
	"bytes"
	"errors"
	"testing"

	"abad/bft"
)

func TestLookBatch(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	digest, data := bft.Sum([]byte("x")), bytes.Repeat([]byte("batch "), 1000)
	if err := s.LookBatch(digest, func([]byte) { t.Error("something is shown") }); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing is there: %v", err)
	}
	if err := s.PutBatch(digest, 0, data); err != nil {
		t.Fatal(err)
	}
	shown := false
	err := s.LookBatch(digest, func(got []byte) { shown = bytes.Equal(got, data) })
	if err != nil || !shown {
		t.Errorf("the batch is shown: %v, %v", shown, err)
	}
}
