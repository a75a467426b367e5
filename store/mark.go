package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// markFile says beside badger's files what must be there. It is written in place
// and has one size, so that a full disk takes it too.
const (
	markFile = "OPENED"
	markSize = 8 + 8 + 4
)

// mark is what a store knew when it was last opened.
type mark struct {
	exists  bool
	Version uint64 // transactions up to this one were on disk
	Log     uint64 // this write-ahead log was the newest; 0: the store was closed
}

func readMark(dir string) (m mark, err error) {
	data, err := os.ReadFile(filepath.Join(dir, markFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	if len(data) != markSize || crc32.Checksum(data[:markSize-4], castagnoli) != binary.BigEndian.Uint32(data[markSize-4:]) {
		return m, damaged(markFile, "it has a wrong checksum")
	}
	return mark{true, binary.BigEndian.Uint64(data), binary.BigEndian.Uint64(data[8:])}, nil
}

func (m mark) write(dir string) (err error) {
	f, err := os.OpenFile(filepath.Join(dir, markFile), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data := binary.BigEndian.AppendUint64(nil, m.Version)
	data = binary.BigEndian.AppendUint64(data, m.Log)
	data = binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	return f.Sync()
}

// markOpen notes that the store is open: from now on its newest log has to be there.
func (s *Store) markOpen(before mark) error {
	version := s.db.MaxVersion()
	if version < before.Version {
		return damaged("the tables", "transaction %d was there, and %d is the last one", before.Version, version)
	}
	logs, err := filepath.Glob(filepath.Join(s.dir, "*.mem"))
	if err != nil {
		return err
	}
	m := mark{Version: version}
	for _, path := range logs {
		m.Log = max(m.Log, logNumber(path))
	}
	if err := m.write(s.dir); err != nil {
		return fmt.Errorf("%s: %w", markFile, err)
	}
	return nil
}
