package store

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"abad/batch"
	"abad/bft"
)

// Large batches are one behind the other in files beside badger's, which has a record
// of each: where it is. Its name is its checksum. Badger would copy them into a memory
// map page by page, write twice as much, and keep half a file of garbage for what is
// alive. The value ids of a block are among them if they are many. A batch is on the
// disk before its record. What a crash leaves behind a file's last recorded batch is
// nobody's; each start begins a new file. Each batch begins a page, so that it can go
// past the system's cache, in which a copy of it would cost as much as all else on its
// way to the disk.
//
// A dropped batch becomes a hole in its file (fallocate(2)), and a file without a
// batch goes.

const (
	// filesDir is the directory of the files in that of the store.
	filesDir = "batches"
	// fullFile is the size from which a file gets no further batch.
	fullFile = 64 << 20
	// LargeBatch is the size from which a batch is in a file, and begins its way to the
	// disk by itself. A smaller one shares a request to the disk with other writes.
	LargeBatch = maxRedo
)

// files is the directory.
type files struct {
	dir   string
	sync  bool
	pause func() // between two tries of reap

	// Only who leads the writes uses these.
	out    *os.File // nil: the next batch begins a file
	direct bool     // writes to it are
	last   uint64   // the number of the newest file
	end    int64    // of out

	mu      sync.Mutex
	live    map[uint64]int // batches that have a record or get one, by file
	writing uint64         // the file that may get more; 0: none
	dropped []place        // whose room has not been given back
}

// inFile is a batch that is to be in a file, and its record, which is filled in when
// the place is known.
type inFile struct {
	data, record []byte
}

// loadFiles looks which files there must be, and removes the others.
func (s *Store) loadFiles() error {
	f := &files{dir: filepath.Join(s.dir, filesDir), sync: !s.options.Unsynced, pause: func() { time.Sleep(time.Millisecond) }, live: map[uint64]int{}}
	s.files = f
	var places []place
	for _, family := range []byte{placeKey, idsPlaceKey} {
		err := s.scan([]byte{family}, []byte{family}, func(key []byte, r record) error {
			p, _, err := r.place(key)
			places = append(places, p)
			return err
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.at, b.at)) })
	for len(places) > 0 {
		n := slices.IndexFunc(places, func(p place) bool { return p.file != places[0].file })
		if n < 0 {
			n = len(places)
		}
		if err := f.load(places[:n:n]); err != nil {
			return err
		}
		places = places[n:]
	}
	return f.tidy()
}

// load takes in a file with its places in order. What is between them and behind them
// has no record: the room may not have been given back before a crash.
func (f *files) load(places []place) error {
	number := places[0].file
	info, err := os.Stat(f.path(number))
	if errors.Is(err, fs.ErrNotExist) {
		return damaged(f.name(number), "it is missing")
	}
	if err != nil {
		return err
	}
	f.live[number] = len(places)
	end := int64(0) // of the batches
	for _, p := range append(places, place{file: number, at: info.Size()}) {
		// Files of earlier versions have batches that do not begin a page.
		if gap := p.at - wholePage(end); gap > 0 {
			f.dropped = append(f.dropped, place{file: number, at: wholePage(end), size: int(gap)})
		}
		end = max(end, p.at+int64(p.size))
	}
	if end > info.Size() {
		return damaged(f.name(number), "it has %d bytes and had %d", info.Size(), end)
	}
	return nil
}

// tidy makes the directory, or removes the files in it that have no batch.
func (f *files) tidy() error {
	if err := os.Mkdir(f.dir, 0o700); err == nil {
		return syncDir(filepath.Dir(f.dir))
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		number, err := strconv.ParseUint(e.Name(), 10, 64)
		if err != nil {
			continue // not ours
		}
		if f.last = max(f.last, number); f.live[number] > 0 {
			continue
		}
		if err := os.Remove(f.path(number)); err != nil {
			return err
		}
	}
	return nil
}

func (f *files) name(number uint64) string {
	return filepath.Join(filesDir, fmt.Sprintf("%08d", number))
}

func (f *files) path(number uint64) string { return filepath.Join(filepath.Dir(f.dir), f.name(number)) }

// put writes batches and fills in their records. They are on the disk when it returns.
func (f *files) put(list []inFile) error {
	for _, b := range list {
		if f.out != nil && f.end >= fullFile {
			if err := f.close(); err != nil {
				return err
			}
		}
		if f.out == nil {
			if err := f.begin(); err != nil {
				return err
			}
		}
		f.mu.Lock()
		f.live[f.last]++ // now: its record may come when this file gets no more, and must find it
		f.mu.Unlock()
		if err := f.write(b.data); err != nil {
			return err
		}
		place{f.last, f.end, len(b.data)}.put(b.record)
		f.end = wholePage(f.end + int64(len(b.data)))
	}
	return f.flush()
}

// begin makes a new file.
func (f *files) begin() error {
	out, err := os.OpenFile(f.path(f.last+1), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.out, f.last, f.end = out, f.last+1, 0
	f.direct = f.sync && setDirect(out, true) == nil
	f.mu.Lock()
	f.writing = f.last
	f.mu.Unlock()
	if !f.sync {
		return nil
	}
	return syncDir(f.dir)
}

// write puts data at the end of the file.
func (f *files) write(data []byte) error {
	if f.direct {
		err := writeDirect(f.out, data, f.end)
		if !errors.Is(err, syscall.EINVAL) {
			return err
		}
		// This file system wants more than pages of them.
		f.direct = false
		if err := setDirect(f.out, false); err != nil {
			return err
		}
	}
	_, err := f.out.WriteAt(data, f.end)
	return err
}

func (f *files) flush() error {
	if !f.sync {
		return nil
	}
	return f.out.Sync()
}

// close ends the file that is written.
func (f *files) close() error {
	if f.out == nil {
		return nil
	}
	err := errors.Join(f.flush(), f.out.Close())
	f.out = nil
	f.mu.Lock()
	f.writing = 0
	f.mu.Unlock()
	return err
}

// get reads what is at a place and checks that it has this digest.
func (f *files) get(p place, digest bft.Hash) ([]byte, error) {
	in, err := os.Open(f.path(p.file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(f.name(p.file), "it is missing")
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data := make([]byte, p.size)
	switch _, err := in.ReadAt(data, p.at); {
	case errors.Is(err, io.EOF):
		return nil, damaged(f.name(p.file), "it ends in the middle of a batch")
	case err != nil:
		return nil, err
	case batch.Digest(data) != digest:
		return nil, damaged(f.name(p.file), "what is at %d has another digest", p.at)
	}
	return data, nil
}

// readFile gives what has this key and record. What it cannot read, the store has lost.
func (s *Store) readFile(key []byte, r record) ([]byte, error) {
	p, digest, err := r.place(key)
	if err != nil {
		return nil, err
	}
	data, err := s.files.get(p, digest)
	if err != nil {
		return nil, s.lost(err)
	}
	return data, nil
}
