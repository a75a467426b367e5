package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"abad/bft"
)

// A large batch is a file of its own, named by its digest, in a directory beside
// badger's files. Badger would copy it into a memory map page by page, and keep half a
// file of garbage for each byte that is alive; a file takes one copy, and is gone when
// it is removed. Badger has the record of it: its size and checksum. The file is on the
// disk before the record and goes after it, so what a crash leaves behind is a file
// without a record at worst, and Run removes those.

// filesDir is the directory of the files in that of the store.
const filesDir = "batches"

// unfinished is the end of the name of a file that is being written.
const unfinished = ".new"

// LargeBatch is the size from which a batch is a file, and begins its way to the disk
// by itself. A smaller one shares a request to the disk with other writes.
const LargeBatch = maxRedo

// files is the directory.
type files struct {
	dir  string
	sync bool

	writing sync.Mutex // held from a file's writing to its record's

	mu     sync.Mutex
	doomed []bft.Hash // without a record, perhaps with a file
}

// file is a batch that is to be one.
type file struct {
	digest bft.Hash
	data   []byte
}

// fileRecord is what badger has of a file.
type fileRecord struct {
	size     int
	checksum uint32 // CRC-32C
}

const fileRecordSize = 4 + 4

func (r fileRecord) encode() []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(r.size)), r.checksum)
}

func decodeFileRecord(data []byte) (fileRecord, error) {
	if len(data) != fileRecordSize {
		return fileRecord{}, fmt.Errorf("the record of a batch's file has %d bytes", len(data))
	}
	return fileRecord{int(binary.BigEndian.Uint32(data)), binary.BigEndian.Uint32(data[4:])}, nil
}

// openFiles makes the directory if it is not there.
func openFiles(dir string, sync bool) (*files, error) {
	f := &files{dir: filepath.Join(dir, filesDir), sync: sync}
	err := os.Mkdir(f.dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return f, nil
	}
	if err == nil {
		err = syncDir(dir)
	}
	return f, err
}

func (f *files) path(digest bft.Hash) string {
	return filepath.Join(f.dir, hex.EncodeToString(digest[:]))
}

// put writes files, which are on the disk when it returns.
func (f *files) put(list []file) error {
	for _, b := range list {
		if err := f.write(b); err != nil {
			return err
		}
	}
	if !f.sync {
		return nil
	}
	return syncDir(f.dir)
}

// write makes a file under another name and gives it its own then: one that is there
// already has no record any more, but there may be who still reads it.
func (f *files) write(b file) (err error) {
	path := f.path(b.digest)
	w, err := os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(b.data)
	if err == nil && f.sync {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return os.Rename(path+unfinished, path)
}

// get reads a file.
func (f *files) get(digest bft.Hash, r fileRecord) ([]byte, error) {
	data, err := os.ReadFile(f.path(digest))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, damaged(f.name(digest), "it is missing")
	case err != nil:
		return nil, err
	case len(data) != r.size:
		return nil, damaged(f.name(digest), "it has %d bytes and had %d", len(data), r.size)
	case crc32.Checksum(data, castagnoli) != r.checksum:
		return nil, damaged(f.name(digest), "it has a wrong checksum")
	}
	return data, nil
}

// readFile gives the batch of which this is the record. What it cannot read, the store
// has lost.
func (s *Store) readFile(digest bft.Hash, r record) ([]byte, error) {
	found, err := r.file()
	if err != nil {
		return nil, err
	}
	data, err := s.files.get(digest, found)
	if err != nil {
		return nil, s.lost(err)
	}
	return data, nil
}

// check looks whether a file is there, without reading it.
func (f *files) check(digest bft.Hash, r fileRecord) error {
	info, err := os.Stat(f.path(digest))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return damaged(f.name(digest), "it is missing")
	case err == nil && info.Size() != int64(r.size):
		return damaged(f.name(digest), "it has %d bytes and had %d", info.Size(), r.size)
	}
	return err
}

func (f *files) name(digest bft.Hash) string {
	return filepath.Join(filesDir, hex.EncodeToString(digest[:]))
}

// doom notes that a batch has lost its record.
func (f *files) doom(list ...bft.Hash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.doomed = append(f.doomed, list...)
}

// reap removes the files of doomed batches that have no record.
func (s *Store) reap() error {
	f := s.files
	f.mu.Lock()
	doomed := f.doomed
	f.doomed = nil
	f.mu.Unlock()
	for i, digest := range doomed {
		if gone, err := s.removeFile(digest); !gone || err != nil {
			f.doom(doomed[i:]...) // next time
			return err
		}
	}
	return nil
}

// removeFile removes a batch's file if it has no record; it reports false if somebody
// reads, who may see a record that has gone meanwhile.
func (s *Store) removeFile(digest bft.Hash) (done bool, err error) {
	s.files.writing.Lock() // else its record might be on the way
	defer s.files.writing.Unlock()
	if kept, err := s.has(fileKey(digest)); kept || err != nil {
		return err == nil, err
	}
	path := s.files.path(digest)
	done = s.views.unread(func() {
		for _, p := range []string{path, path + unfinished} {
			if e := os.Remove(p); !errors.Is(e, fs.ErrNotExist) { // a small batch had none
				err = errors.Join(err, e)
			}
		}
	})
	return done, err
}

// orphans dooms the files without a record, which a crash has left. It needs to run
// once, and takes its time.
func (s *Store) orphans() error {
	const atOnce = 1000
	d, err := os.Open(s.files.dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(atOnce)
		for _, e := range entries {
			var digest bft.Hash
			name, _ := strings.CutSuffix(e.Name(), unfinished)
			if raw, err := hex.DecodeString(name); err != nil || copy(digest[:], raw) < len(digest) {
				continue // not ours
			}
			kept, err := s.has(fileKey(digest))
			if err != nil {
				return err
			}
			if !kept {
				s.files.doom(digest)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
