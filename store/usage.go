package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
)

// Usage is what the store takes on the disk, in bytes.
type Usage struct {
	Tree   int64 // the LSM tree: journal, blocks, certificates, places of batches
	Recent int64 // the redo log, memtables and their write-ahead logs
	Values int64 // batches: their files, and the value log
	Other  int64
	// Free is what its file system has left, 0 where the system does not say;
	// with less than MinFree the store fails.
	Free, MinFree uint64
}

// Total is what all files take together.
func (u Usage) Total() int64 { return u.Tree + u.Recent + u.Values + u.Other }

// Usage looks at the files.
func (s *Store) Usage() (Usage, error) {
	u := Usage{MinFree: s.options.MinFree}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = d.Info()
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // badger removes files meanwhile
			return nil
		case err != nil:
			return err
		}
		size, kind := allocated(info), filepath.Ext(path)
		switch {
		case kind == ".sst":
			u.Tree += size
		case kind == ".mem", filepath.Base(path) == redoFile, filepath.Base(path) == earlyFile:
			u.Recent += size
		case kind == ".vlog", filepath.Base(filepath.Dir(path)) == filesDir:
			u.Values += size
		default:
			u.Other += size
		}
		return nil
	})
	if err != nil {
		return u, fmt.Errorf("size of the store: %w", err)
	}
	free, err := freeBytes(s.dir)
	if err != nil {
		return u, fmt.Errorf("free space: %w", err)
	}
	if free != math.MaxUint64 {
		u.Free = free
	}
	return u, nil
}

// Size is what the store takes on the disk in bytes.
func (s *Store) Size() (int64, error) {
	u, err := s.Usage()
	return u.Total(), err
}
