package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/zeebo/blake3"

	"abad/batch"
	"abad/bft"
)

// A backup of a store in use is as of one moment, and a store made from it has
// everything; a backup with any byte changed or missing makes none.
func TestBackup(t *testing.T) {
	s := open(t, t.TempDir(), Options{Identity: []byte("me")})
	payload := bytes.Repeat([]byte("payload "), 2000)
	for h := uint64(1); h <= 5; h++ {
		data := append(fmt.Append(nil, h), bytes.Repeat(payload, int(1+h%2*4))...) // files and not
		d := batch.Digest(data)
		if err := s.PutBatch(d, 1, data); err != nil {
			t.Fatal(err)
		}
		if h == 5 {
			break // this one stays pending
		}
		if err := errors.Join(s.PutBlock(h, fmt.Append(nil, "block ", h), make([]byte, 32), []bft.Hash{d}), s.PutCertificate(h, []byte("cert"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.SetMeta("name", []byte("x")), s.Append([]Record{{Epoch: 5, Data: []byte("entry")}})); err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if err := s.Backup(&backup); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMeta("later", []byte("x")); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	if err := Restore(dir, Options{}, bytes.NewReader(backup.Bytes())); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{Identity: []byte("you")}); !errors.Is(err, ErrIdentity) {
		t.Errorf("another node opens it: %v", err)
	}
	r := open(t, dir, Options{Identity: []byte("me")})
	if r.Height() != 4 || r.Certified() != 4 {
		t.Errorf("height %d, certified %d", r.Height(), r.Certified())
	}
	for h := uint64(1); h <= 4; h++ {
		if got, err := r.Block(h); err != nil || string(got) != fmt.Sprint("block ", h) {
			t.Errorf("block %d: %q, %v", h, got, err)
		}
	}
	pending := 0
	for p := range r.Pending() {
		pending++
		if data, err := r.Batch(p.Digest); err != nil || batch.Digest(data) != p.Digest {
			t.Errorf("pending batch: %v", err)
		}
	}
	if batches := r.files.live[1]; batches != 3 {
		t.Errorf("%d batches are in a file", batches)
	}
	if got := journalOf(t, r, 5); pending != 1 || len(got) != 1 || got[0] != "entry" {
		t.Errorf("%d pending batches, journal %v", pending, got)
	}
	if _, err := r.Meta("later"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what came after the backup: %v", err)
	}
	if err := Restore(dir, Options{}, bytes.NewReader(backup.Bytes())); err == nil {
		t.Error("restored into a store that is in use")
	}

	whole := backup.Bytes()
	for _, cut := range []int{0, 5, len(backupHeader), len(whole) / 2, len(whole) - 33, len(whole) - 1} {
		if err := Restore(t.TempDir(), Options{}, bytes.NewReader(whole[:cut])); !errors.Is(err, ErrBackup) {
			t.Errorf("the first %d of %d bytes: %v", cut, len(whole), err)
		}
	}
	for _, at := range []int{0, 20, len(whole) / 3, len(whole) / 2, len(whole) - 40, len(whole) - 1} {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		if err := Restore(t.TempDir(), Options{}, bytes.NewReader(bad)); !errors.Is(err, ErrBackup) {
			t.Errorf("byte %d of %d changed: %v", at, len(whole), err)
		}
	}
	if err := Restore(t.TempDir(), Options{}, bytes.NewReader(append(whole, 0))); !errors.Is(err, ErrBackup) {
		t.Error("a byte too much")
	}
}

// What only a store may say of itself does not come from a backup.
func TestABackupWithAStoresOwnRecords(t *testing.T) {
	for _, key := range [][]byte{placeOf(bft.Hash{1}), foldedKey} {
		var backup bytes.Buffer
		out := bufio.NewWriter(&backup)
		out.WriteString(backupHeader)
		err := errors.Join(putBytes(out, key), putBytes(out, make([]byte, 8)), putBytes(out, nil), out.Flush())
		sum := blake3.Sum256(backup.Bytes())
		backup.Write(sum[:])
		if err != nil {
			t.Fatal(err)
		}
		if err := Restore(t.TempDir(), Options{}, bytes.NewReader(backup.Bytes())); !errors.Is(err, ErrBackup) {
			t.Errorf("%x: %v", key, err)
		}
	}
}

func FuzzBackup(f *testing.F) {
	f.Add([]byte(backupHeader + "\x01m\x01x\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := checkBackup(bytes.NewReader(data)); err != nil && !errors.Is(err, ErrBackup) {
			t.Fatal(err)
		}
	})
}
