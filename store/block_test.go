package store

import (
	"errors"
	"slices"
	"testing"

	"abad/bft"
)

func TestBlocksHaveNoGap(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	put := func(h uint64) error { return s.PutBlock(h, []byte("r"), nil, nil) }
	for _, h := range []uint64{0, 2} {
		if err := put(h); !errors.Is(err, ErrHeight) {
			t.Errorf("block %d on an empty chain: %v", h, err)
		}
	}
	if err := put(1); err != nil {
		t.Fatal(err)
	}
	for _, h := range []uint64{0, 1, 3} {
		if err := put(h); !errors.Is(err, ErrHeight) {
			t.Errorf("block %d after 1: %v", h, err)
		}
	}
	if err := put(2); err != nil || s.Height() != 2 {
		t.Fatalf("height %d, %v", s.Height(), err)
	}
}

func TestCertificatesNeedTheirBlock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for h := uint64(1); h <= 3; h++ {
		if err := s.PutBlock(h, []byte("r"), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range []uint64{0, 4} {
		if err := s.PutCertificate(h, []byte("c")); !errors.Is(err, ErrHeight) {
			t.Errorf("certificate %d of 3 blocks: %v", h, err)
		}
	}
	for _, h := range []uint64{2, 1} {
		if err := s.PutCertificate(h, []byte("c")); err != nil {
			t.Fatal(err)
		}
	}
	if s.Certified() != 2 {
		t.Errorf("certified %d", s.Certified())
	}
	s.Close()
	if got := open(t, dir, Options{}).Certified(); got != 2 {
		t.Errorf("certified %d after opening again", got)
	}
}

// Blocks that come together cost one write where they fit, and are a prefix where
// the disk fails between two writes.
func TestBlocksTogether(t *testing.T) {
	dir := t.TempDir()
	writes, allowed := 0, 1<<30
	die := errors.New("died")
	s := open(t, dir, Options{BeforeWrite: func() error {
		if writes++; writes > allowed {
			return die
		}
		return nil
	}})
	var blocks []Block
	var certs []Certificate
	for h := uint64(1); h <= 300; h++ {
		d := putBatch(t, s, int(h), 10)
		blocks = append(blocks, Block{h, make([]byte, valueThreshold-1), d[:16], []bft.Hash{d}})
		certs = append(certs, Certificate{h, make([]byte, 100)})
	}
	writes = 0
	if err := s.PutBlocks(append(slices.Clone(blocks[:100]), blocks[101])); !errors.Is(err, ErrHeight) || s.Height() != 0 || writes != 0 {
		t.Errorf("with a gap: %v, height %d, %d writes", err, s.Height(), writes)
	}
	if err := s.PutBlocks(blocks[:100]); err != nil || writes != 1 || s.Height() != 100 || len(pendingDigests(s)) != 200 {
		t.Errorf("%v: %d writes, height %d, %d pending", err, writes, s.Height(), len(pendingDigests(s)))
	}
	writes = 0
	if err := s.PutCertificates(certs[:101]); !errors.Is(err, ErrHeight) || writes != 0 {
		t.Errorf("one certificate too many: %v", err)
	}
	if err := s.PutCertificates(certs[:100]); err != nil || writes != 1 || s.Certified() != 100 {
		t.Errorf("%v: %d writes, %d certified", err, writes, s.Certified())
	}
	// 200 blocks of 1 KiB are less than a transaction, with 1,000 more they are not.
	for h := uint64(301); h <= 1300; h++ {
		blocks = append(blocks, Block{h, make([]byte, valueThreshold-1), nil, nil})
	}
	writes, allowed = 0, 1
	if err := s.PutBlocks(blocks[100:]); !errors.Is(err, die) || writes != 2 {
		t.Errorf("%d writes, %v", writes, err)
	}
	height := s.Height()
	s.Close()
	s = open(t, dir, Options{})
	if s.Height() != height || height <= 300 || height >= 1300 || len(pendingDigests(s)) != 0 {
		t.Errorf("height %d before, %d after, %d pending", height, s.Height(), len(pendingDigests(s)))
	}
	if err := s.PutBlocks(blocks[height:]); err != nil || s.Height() != 1300 {
		t.Errorf("the rest: %v", err)
	}
	if err := errors.Join(s.PutBlocks(nil), s.PutCertificates(nil)); err != nil {
		t.Error(err)
	}
}

func TestBlocksStopsAtAnError(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	for h := uint64(1); h <= 3; h++ {
		if err := s.PutBlock(h, []byte("r"), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	stop := errors.New("enough")
	var seen []uint64
	err := s.Blocks(2, func(h uint64, _ []byte) error { seen = append(seen, h); return stop })
	if err != stop || len(seen) != 1 || seen[0] != 2 {
		t.Errorf("seen %v, %v", seen, err)
	}
	if s.Err() != nil {
		t.Errorf("the caller's error failed the store: %v", s.Err())
	}
}

func TestLimitsOfOneWrite(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	digests := make([]bft.Hash, MaxTaken+1)
	records := make([]Record, len(digests))
	for i := range digests {
		// Mark them pending by hand: 8193 synced puts would take seconds.
		d, _ := payload(i, 8)
		s.held.pending[d] = durablePending(Pending{Digest: d}, uint64(i))
		digests[i], records[i] = d, Record{Epoch: 1, Data: make([]byte, 1000)}
	}
	if err := s.PutBlock(1, []byte("r"), nil, digests); !errors.Is(err, ErrTooLarge) || s.Height() != 0 {
		t.Errorf("one batch too many: %v", err)
	}
	if err := s.PutBlocks([]Block{{Height: 1}, {Height: 2, Record: make([]byte, MaxRecord+1)}}); !errors.Is(err, ErrTooLarge) || s.Height() != 0 {
		t.Errorf("the second of two blocks is too large, and there are %d: %v", s.Height(), err)
	}
	if err := s.PutBlock(1, []byte("r"), make([]byte, 3*idsPart), digests[:MaxTaken]); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if len(pendingDigests(s)) != 1 {
		t.Errorf("%d pending", len(pendingDigests(s)))
	}
	if err := s.Append(records); err != nil { // 8 MB: more than badger takes in a transaction
		t.Errorf("a large append: %v", err)
	}
	if got := journalOf(t, s, 1); len(got) != len(records) {
		t.Errorf("%d of %d records", len(got), len(records))
	}
	if err := s.SetMeta("x", make([]byte, MaxRecord)); err != nil {
		t.Errorf("the largest record: %v", err)
	}
	if err := s.SetMeta("x", make([]byte, MaxRecord+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	var most write // as many records as one write may have, and their bytes
	for i := range maxEntries {
		most.set(numberKey('x', uint64(i)), nil)
	}
	most.set(namedKey("fill"), make([]byte, valueThreshold-1))
	if err := s.write(&most); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d records: %v", len(most.entries), err)
	}
	most.entries = most.entries[:maxEntries]
	if most.inline = maxInline + 1; !errors.Is(s.write(&most), ErrTooLarge) {
		t.Error("too many bytes for the tree were taken")
	}
	if most.inline = maxInline; s.write(&most) != nil {
		t.Errorf("badger does not take what we do: %v", s.Err())
	}
	var full write
	for i := 0; full.inline+valueThreshold+entryOverhead+9 < maxInline; i++ {
		full.set(numberKey('y', uint64(i)), make([]byte, valueThreshold-1))
	}
	if err := s.write(&full); err != nil {
		t.Errorf("%d bytes for the tree: %v", full.inline, err)
	}
	if s.Err() != nil {
		t.Errorf("a refused write failed the store: %v", s.Err())
	}
}
