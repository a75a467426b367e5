package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abad/bft"
	"abad/ledger"
	"abad/store"
)

// Old payload goes, headers and certificates stay; what a node that is away may
// come for stays too, until it has come, or the operator says otherwise.
func TestPrune(t *testing.T) {
	c := newCluster(t, 4)
	for i := range 3 {
		c.confs[i].Retain = 3
	}
	c.confs[1].PruneAnyway = true
	for i := range 3 {
		c.start(i)
	}
	ctx := within(t)
	for i := range 10 {
		c.submitAll(i*10, i*10+10, 0, 1, 2)
	}
	pruned := func(i int) uint64 {
		p, err := readPruned(c.nodes[i].store)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	eventually(t, "node 1 prunes block 1", func() bool {
		_, err := c.nodes[1].Values(1)
		return errors.Is(err, ErrPruned)
	})
	if got := pruned(0); got != 0 {
		t.Errorf("node 0 has pruned %d blocks that node 3 needs", got)
	}
	if _, _, err := c.nodes[1].Prove(1, 0); !errors.Is(err, ErrPruned) {
		t.Errorf("proof of a pruned value: %v", err)
	}
	if _, err := c.nodes[1].Block(1); err != nil {
		t.Errorf("header of a pruned block: %v", err)
	}
	height := max(c.nodes[0].Height(), c.nodes[1].Height(), c.nodes[2].Height()) // with all that was submitted
	c.start(3)
	if err := c.nodes[3].WaitHeight(ctx, height); err != nil {
		t.Fatal(err)
	}
	c.sameLogs(100, 3)                  // the others may prune as soon as it has come
	for i := 100; pruned(0) == 0; i++ { // it sees that node 3 has come, and prunes
		if _, err := c.nodes[0].Submit(ctx, value(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// A copy of a running node is a store that starts, catches up and takes part again
// without contradicting what the node has said since.
func TestBackupAndRestore(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 200, 0, 1, 2, 3)
	var backup bytes.Buffer
	if err := c.nodes[3].Backup(&backup); err != nil {
		t.Fatal(err)
	}
	c.submitAll(200, 400, 0, 1, 2, 3)
	c.kill(3)
	dir := t.TempDir()
	if err := Restore(dir, bytes.NewReader(backup.Bytes())); err != nil {
		t.Fatal(err)
	}
	c.confs[3].Dir, c.confs[3].First = dir, false
	c.start(3)
	ctx := within(t)
	first, err := c.nodes[3].Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if first.Silent == 0 || first.Ready {
		t.Errorf("a restored node speaks at once: %+v", first)
	}
	for i := 400; ; i++ {
		if _, err := c.nodes[i%3].Submit(ctx, value(i)); err != nil {
			t.Fatal(err)
		}
		s, err := c.nodes[3].Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s.Ready {
			break
		}
	}
	if _, err := c.nodes[3].Submit(ctx, value(100_000)); err != nil {
		t.Fatal(err)
	}
	height := c.nodes[3].Height()
	for i := range 3 {
		if err := c.nodes[i].WaitHeight(ctx, height); err != nil {
			t.Fatal(err)
		}
		s, err := c.nodes[i].Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s.Peers[len(s.Peers)-1].Faults > 0 {
			t.Errorf("node %d finds %d faults in the restored node", i, s.Peers[2].Faults)
		}
	}
}

// Inspect finds a sound store sound, and says what is wrong with another one.
func TestInspect(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 199, 0, 1, 2, 3)
	ctx := within(t)
	large := value(199)
	large.Payload = bytes.Repeat(large.Payload, 5000)
	if _, err := c.nodes[0].Submit(ctx, large); err != nil {
		t.Fatal(err)
	}
	if err := c.nodes[1].WaitHeight(ctx, c.nodes[0].Height()); err != nil {
		t.Fatal(err)
	}
	if err := c.nodes[0].WaitCertificate(ctx, c.nodes[0].Height()); err != nil {
		t.Fatal(err)
	}
	key := c.confs[0].CoinKey.Group().PublicKey()
	if _, err := Inspect(c.confs[0].Dir, key, nil); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a node that runs: %v", err)
	}
	for i := range 4 {
		c.kill(i)
	}
	blocks := uint64(0)
	r, err := Inspect(c.confs[0].Dir, key, func(done, of uint64) { blocks++ })
	if err != nil || len(r.Problems) > 0 || r.Values < 200 || r.Height == 0 || blocks != r.Height || r.Silent {
		t.Errorf("%+v, %v after %d blocks", r, err, blocks)
	}
	other := newCluster(t, 1).confs[0].CoinKey.Group().PublicKey()
	if r, err := Inspect(c.confs[0].Dir, other, nil); err != nil || len(r.Problems) == 0 || !strings.Contains(r.Problems[0], "certificate of block 1") {
		t.Errorf("with another key: %+v, %v", r.Problems, err)
	}
	logs, err := filepath.Glob(filepath.Join(c.confs[1].Dir, "*.vlog"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	if err := os.Truncate(logs[0], 100); err != nil {
		t.Fatal(err)
	}
	if r, err := Inspect(c.confs[1].Dir, key, nil); err == nil && len(r.Problems) == 0 {
		t.Errorf("a value log of 100 bytes is found sound: %+v", r)
	}
}

// A certificate that is missing is yet to come, unless its block is so old that a
// node no longer asks for it.
func TestInspectUncertified(t *testing.T) {
	s, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	block := ledger.Block{Header: ledger.BlockHeader{Version: ledger.BlockVersion, Root: ledger.MerkleRoot(nil)}}
	for h := uint64(1); h <= ledger.Window+2; h++ {
		block.Header.Epoch = h
		if err := s.PutBlock(h, block.Encode(), nil, nil); err != nil {
			t.Fatal(err)
		}
		block.Header.Previous = block.Hash()
	}
	r, err := inspect(s, nil, nil)
	if err != nil || r.Uncertified != ledger.Window {
		t.Errorf("%d blocks without certificate, want %d, %v", r.Uncertified, ledger.Window, err)
	}
	want := []string{"block 1 of 1026 has no certificate", "block 2 of 1026 has no certificate"}
	if !slices.Equal(r.Problems, want) {
		t.Errorf("problems %q, want %q", r.Problems, want)
	}
}

// The ids of values go with the payload, but for those that a restart needs.
func TestPruneForgetsIDs(t *testing.T) {
	four, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	until := func(height uint64) {
		t.Helper()
		for h := s.Height() + 1; h <= height; h++ {
			if err := s.PutBlock(h, []byte("record"), make([]byte, 16), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	d := &driver{store: s, ledger: ledger.New(ledger.Config{Quorum: four, Epochs: 8})}
	p := pruner{pruned: 7, driver: d}
	for _, c := range []struct{ needed, first uint64 }{{1, 1}, {4, 4}, {6, 6}, {9, 8}} { // the last one: 8 is not pruned
		until(c.needed + ledger.Window + 8)
		if got := d.ledger.RestoreFrom(s.Height()); got != c.needed {
			t.Fatalf("block %d is needed, want %d", got, c.needed)
		}
		if err := p.forget(); err != nil {
			t.Fatal(err)
		}
		for h := uint64(1); h <= 9; h++ {
			if ids, err := s.BlockIDs(h); err != nil || (len(ids) > 0) != (h >= c.first) {
				t.Errorf("%d is needed, and block %d has %d bytes of ids, %v", c.needed, h, len(ids), err)
			}
		}
	}
}
