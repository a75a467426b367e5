package store

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"abad/bft"
)

// childDir tells the test binary to be the process that is killed.
const childDir = "ABAD_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled writes steps 1, 2, 3, ... and prints each when it is durable.
func writeUntilKilled(dir string) {
	s, err := Open(dir, Options{Log: quiet})
	for n := 1; err == nil; n++ {
		if err = writeStep(s, n); err == nil {
			fmt.Println(n)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// writeStep is a batch and a journal record that is never there without it, and, side
// by side, a block that takes the batch and another record.
func writeStep(s *Store, n int) error {
	d, data := payload(n, 100+n%5*20<<10)
	stored := s.QueueBatch(d, 0, data)
	if err := errors.Join(s.Append([]Record{{1, fmt.Append(nil, 2*n)}}), stored()); err != nil {
		return err
	}
	var wait sync.WaitGroup
	var blockErr error
	wait.Go(func() { blockErr = s.PutBlock(uint64(n), fmt.Append(nil, n), d[:], []bft.Hash{d}) })
	err := s.Append([]Record{{1, fmt.Append(nil, 2*n+1)}})
	if wait.Wait(); err == nil {
		err = blockErr
	}
	return err
}

// verifySteps checks that a store is what a prefix of the writes made, with at
// least the given number of steps.
func verifySteps(t *testing.T, s *Store, atLeast int) {
	t.Helper()
	height := int(s.Height())
	if height < atLeast {
		t.Errorf("%d steps, %d were acknowledged", height, atLeast)
	}
	for n := 1; n <= height; n++ {
		d, data := payload(n, 100+n%5*20<<10)
		got, err := s.Batch(d)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("batch of block %d: %d bytes, %v", n, len(got), err)
		}
		record, err := s.Block(uint64(n))
		ids, err2 := s.BlockIDs(uint64(n))
		if string(record) != fmt.Sprint(n) || !bytes.Equal(ids, d[:]) || err != nil || err2 != nil {
			t.Fatalf("block %d: %q with ids %x, %v, %v", n, record, ids, err, err2)
		}
	}
	next, _ := payload(height+1, 100+(height+1)%5*20<<10)
	for _, d := range pendingDigests(s) {
		if d != next {
			t.Errorf("pending %v: its block has taken it", d)
		}
	}
	journal := journalOf(t, s, 1)
	if len(journal) < 2*height-1 || len(journal) > 2*height+2 {
		t.Errorf("%d records with %d blocks", len(journal), height)
	}
	if has, err := s.HasBatch(next); len(journal) == 2*height+1 && (!has || err != nil) {
		t.Errorf("a record of a batch that is not there: %v", err)
	}
	for i, record := range journal {
		if record != fmt.Sprint(i+2) {
			t.Fatalf("record %d is %q", i, record)
		}
	}
}

func TestKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := 0
	for round := range 3 {
		if round > 0 {
			// The steps of the next child begin where the chain is empty.
			dir = t.TempDir()
		}
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for acknowledged = 0; acknowledged < 40+17*round && lines.Scan(); {
			fmt.Sscan(lines.Text(), &acknowledged)
		}
		if round == 0 {
			if _, err := Open(dir, Options{Log: quiet}); err == nil || !strings.Contains(err.Error(), "in use") {
				t.Errorf("open while another process has it: %v", err)
			}
		}
		child.Process.Kill()
		child.Wait()
		s := open(t, dir, Options{})
		verifySteps(t, s, acknowledged)
		s.Close()
	}
	if acknowledged == 0 {
		t.Error("the child did nothing")
	}
}

func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	const steps = 12
	for n := 1; n <= steps; n++ {
		if err := writeStep(s, n); err != nil {
			t.Fatal(err)
		}
	}
	lost := 0
	for _, cut := range []int{1, 2, 7, 30, 100, 333, 1000} {
		torn := crash(t, dir)
		tear(t, torn, cut)
		s := open(t, torn, Options{})
		if int(s.Height()) < steps || len(journalOf(t, s, 1)) < 2*steps {
			lost++ // the last step's block, its last record, or both
		}
		verifySteps(t, s, 1)
		if err := s.SetMeta("goes", []byte("on")); err != nil {
			t.Error(err)
		}
		s.Close()
		s = open(t, torn, Options{})
		verifySteps(t, s, 1)
		if data, err := s.Meta("goes"); string(data) != "on" {
			t.Errorf("after a torn tail: %q, %v", data, err)
		}
	}
	if lost == 0 {
		t.Error("no tear reached a write: the test tests nothing")
	}
}

// tear zeroes the last bytes of the redo log's last record, as a disk does that lost
// power between two pages.
func tear(t *testing.T, dir string, bytes int) {
	t.Helper()
	data, begin, end := lastRecord(t, dir)
	clear(data[max(begin, end-bytes):end])
	if err := os.WriteFile(filepath.Join(dir, redoFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tearTransaction does the same to badger's newest write-ahead log.
func tearTransaction(t *testing.T, dir string, bytes int) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no log: %v", err)
	}
	slices.Sort(logs)
	path := logs[len(logs)-1]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := len(data)
	for end > 0 && data[end-1] == 0 {
		end--
	}
	clear(data[max(0, end-bytes):end])
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Badger makes a log file and then gives it its size. A crash in between loses nothing.
func TestALogFileCutShortAtItsMaking(t *testing.T) {
	for _, closed := range []bool{false, true} {
		dir := t.TempDir()
		s := open(t, dir, Options{tune: small})
		for n := 1; n <= 6; n++ {
			if err := errors.Join(writeStep(s, n), s.SetMeta("large", make([]byte, maxRedo+1))); err != nil {
				t.Fatal(err)
			}
		}
		from := dir
		if closed {
			s.Close()
		} else {
			from = crash(t, dir)
		}
		for _, format := range []string{"%05d.mem", "%06d.vlog"} {
			to := crash(t, from)
			logs, err := filepath.Glob(filepath.Join(to, "*"+filepath.Ext(format)))
			if err != nil {
				t.Fatal(err)
			}
			var last uint64
			for _, path := range logs {
				last = max(last, logNumber(path))
			}
			if err := os.WriteFile(filepath.Join(to, fmt.Sprintf(format, last+1)), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(to, Options{Log: quiet, tune: small})
			if err != nil {
				t.Errorf("closed %t, an empty %s: %v", closed, format, err)
				continue
			}
			verifySteps(t, s, 6)
			if err := s.SetMeta("large", make([]byte, maxRedo+1)); err != nil {
				t.Error(err)
			}
			s.Close()
			s = open(t, to, Options{tune: small})
			verifySteps(t, s, 6)
		}
	}
	dir := t.TempDir()
	s := open(t, dir, Options{})
	putBatch(t, s, 1, 100)
	torn := crash(t, dir)
	logs, err := filepath.Glob(filepath.Join(torn, "*.mem"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	if err := os.Truncate(logs[0], 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(torn, Options{Log: quiet}); !errors.Is(err, ErrDamaged) {
		t.Errorf("the log that was there is empty: %v", err)
	}
}

// A node that is killed again and again as it starts: badger removes a log that nothing
// was written to before it makes the next one.
func TestKilledBetweenTwoLogs(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{}).Close()
	s := open(t, dir, Options{})
	putBatch(t, s, 1, 100) // is in the redo log
	killed := crash(t, dir)
	newest := func() string {
		logs, err := filepath.Glob(filepath.Join(killed, "*.mem"))
		if err != nil || len(logs) == 0 {
			t.Fatal(logs, err)
		}
		return slices.MaxFunc(logs, func(a, b string) int { return cmp.Compare(logNumber(a), logNumber(b)) })
	}
	if some, err := inspectLog(newest()); some || err != nil {
		t.Fatalf("something is in the log: %v, %v", some, err)
	}
	for range 2 {
		if _, err := inspect(killed); err != nil { // as Open begins
			t.Fatal(err)
		}
		if err := os.Remove(newest()); err != nil { // as badger goes on
			t.Fatal(err)
		}
		s, err := Open(killed, Options{Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(pendingDigests(s)); got != 1 {
			t.Errorf("%d batches", got)
		}
		again := crash(t, killed)
		s.Close()
		killed = again
	}
}
