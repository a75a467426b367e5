package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"abad/bft"
)

func TestDroppedBatchesGiveTheirRoomBack(t *testing.T) {
	t.Run("small", func(t *testing.T) { droppedBatchesGiveTheirRoomBack(t, LargeBatch-1) })
	t.Run("large", func(t *testing.T) { droppedBatchesGiveTheirRoomBack(t, LargeBatch) })
}

func droppedBatchesGiveTheirRoomBack(t *testing.T, size int) {
	dir := t.TempDir()
	byHand := func(o *badger.Options) {
		small(o)
		o.NumCompactors = 0 // Flatten stands for time and traffic
	}
	s := open(t, dir, Options{tune: byHand})
	var kept, dropped []bft.Hash
	for n := range 128 {
		d := putBatch(t, s, n, size)
		if n%8 == 0 {
			kept = append(kept, d)
		} else {
			dropped = append(dropped, d)
		}
	}
	for _, d := range dropped {
		if err := s.DropBatch(d); err != nil {
			t.Fatal(err)
		}
	}
	before, err := s.Size()
	if err != nil || before < int64(128*size) {
		t.Fatalf("%d bytes before, %v", before, err)
	}
	for range 2 { // each opening makes one table of what was written before
		s.Close()
		s = open(t, dir, Options{tune: byHand})
		if err := s.SetMeta("m", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Flatten(1); err != nil {
		t.Fatal(err)
	}
	s.tidy(context.Background())
	if after, err := s.Size(); err != nil || after > before/2 {
		t.Errorf("%d bytes of %d are left, %v", after, before, err)
	}
	for _, d := range kept {
		if _, err := s.Batch(d); err != nil {
			t.Error(err)
		}
	}
	s.Close()
	s = open(t, dir, Options{tune: byHand})
	for _, d := range dropped {
		if has, err := s.HasBatch(d); has || err != nil {
			t.Errorf("a dropped batch is back: %v", err)
		}
	}
}

func TestRunEndsWithItsContextAndWithTheStore(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Errorf("cancelled: %v", err)
	}
	broken := errors.New("broken")
	s.failure.set(broken)
	if err := s.Run(context.Background()); !errors.Is(err, broken) {
		t.Errorf("failed: %v", err)
	}
}

func TestWrittenFilesLeaveResidentMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/smaps"); err != nil {
		return // only Linux counts, and only there there is something to do
	}
	dir := t.TempDir()
	s := open(t, dir, Options{tune: small})
	for n := range 40 {
		if err := s.SetMeta(fmt.Sprint(n), bytes.Repeat([]byte{byte(n)}, 512<<10)); err != nil {
			t.Fatal(err)
		}
	}
	before := residentLogs(t, dir)
	s.tidy(context.Background())
	after := residentLogs(t, dir)
	if before < 10<<10 || after > 4<<10 { // the system may have taken some back itself
		t.Errorf("%d KiB of value log resident before, %d after", before, after)
	}
	for n := range 40 {
		if got, err := s.Meta(fmt.Sprint(n)); err != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte(n)}, 512<<10)) {
			t.Fatalf("record %d: %v", n, err)
		}
	}
}

// residentLogs adds up the resident KiB of the mapped value log files in dir.
func residentLogs(t *testing.T, dir string) (kib int) {
	t.Helper()
	data, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	ours := false
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if !strings.HasSuffix(fields[0], ":") {
			last := fields[len(fields)-1]
			ours = filepath.Dir(last) == dir && strings.HasSuffix(last, ".vlog")
		} else if ours && fields[0] == "Rss:" {
			n, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			kib += n
		}
	}
	return kib
}

func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{tune: small})
	ctx, cancel := context.WithCancel(context.Background())
	var run, all sync.WaitGroup
	run.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	const writers, each = 4, 30
	for w := range writers {
		all.Go(func() {
			for i := range each {
				n := w*each + i
				d, data := payload(n, 100+n%3*9000)
				if err := s.PutBatch(d, bft.ID(w), data); err != nil {
					t.Error(err)
				}
				if has, err := s.HasBatch(d); !has || err != nil {
					t.Errorf("batch %d: %v", n, err)
				}
				if err := s.Append([]Record{{uint64(w), []byte{byte(i)}}}); err != nil {
					t.Error(err)
				}
				if err := s.Trim(uint64(0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for h := uint64(1); h <= each; h++ {
			if err := s.PutBlock(h, []byte("r"), make([]byte, 160), nil); err != nil {
				t.Error(err)
			}
			s.tidy(ctx)
		}
	})
	all.Wait()
	cancel()
	run.Wait()
	s.Close()
	s = open(t, dir, Options{tune: small})
	if got := len(pendingDigests(s)); got != writers*each {
		t.Errorf("%d batches", got)
	}
	for w := uint64(1); w < writers; w++ {
		got := journalOf(t, s, w)
		for i := range got {
			if got[i] != string([]byte{byte(i)}) {
				t.Fatalf("journal %d: record %d is %q", w, i, got[i])
			}
		}
		if len(got) != each {
			t.Errorf("journal %d: %d records", w, len(got))
		}
	}
	if s.Height() != each {
		t.Errorf("height %d", s.Height())
	}
}
