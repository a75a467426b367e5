package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zeebo/blake3"

	"abad/bft"
	"abad/codec"
)

// A node may speak of a block that nothing can undo before it has put it. What a crash
// of the process must not take back by then is in a file of its own, which is written
// and never synced: it outlives the process, not the machine, and costs a copy into the
// system's cache. The next start puts the blocks that it has.
//
//	MAC (16 bytes) | size of the blocks (4) | blocks
//
// Records follow each other; when a put has all blocks of them, the next one begins the
// file anew. Behind it the older ones may still be whole, of blocks that were put, or
// begin in their middle: clients choose what is in there, so the MAC is keyed, with the
// redo log's key. Nothing depends on this file: without it nobody speaks early.
const (
	earlyFile = "EARLY"
	earlyHead = macLen + 4
	// maxEarly bounds the blocks of a record: large ones wait for the disk, like those
	// who wait for them. The file is not longer than earlySize.
	maxEarly  = 64 << 10
	earlySize = 1 << 20
)

// early is the open file.
type early struct {
	file *os.File // nil: no block is kept
	mac  *blake3.Hasher
	at   int64  // where the next record goes
	last uint64 // the highest block that is kept or put
}

// earlyBlock is a [Block] in the file.
type earlyBlock struct {
	_      struct{} `cbor:",toarray"`
	Height uint64
	Record []byte
	IDs    []byte
	Taken  []bft.Hash
}

// Keep keeps blocks over a crash of this process until [Store.PutBlocks] makes them
// durable. They come behind all that are put or kept, or it is [ErrHeight]. It reports
// whether it does: not if they are large, or a batch of theirs is not on disk, or
// the file cannot be written.
func (s *Store) Keep(blocks []Block) (bool, error) {
	s.blocks.Lock()
	defer s.blocks.Unlock()
	if err := s.views.enter(&s.views.writers); err != nil {
		return false, err
	}
	defer s.views.leave(&s.views.writers)
	if err := s.failure.get(); err != nil {
		return false, err
	}
	e, size := &s.early, 0
	next := max(e.last, s.height.Load()) + 1
	for i, b := range blocks {
		if b.Height != next+uint64(i) {
			return false, fmt.Errorf("%w: keep block %d where %d is next", ErrHeight, b.Height, next+uint64(i))
		}
		size += len(b.Record) + len(b.IDs) + len(b.Taken)*len(bft.Hash{})
	}
	if size > maxEarly || e.file == nil {
		return false, nil
	}
	list := make([]earlyBlock, len(blocks))
	for i, b := range blocks {
		if held, err := s.holds(b.Taken); !held || err != nil {
			return false, err
		}
		list[i] = earlyBlock{Height: b.Height, Record: b.Record, IDs: b.IDs, Taken: b.Taken}
	}
	data := e.record(codec.Marshal(list))
	if e.at+int64(len(data)) > earlySize {
		return false, nil
	}
	if _, err := e.file.WriteAt(data, e.at); err != nil {
		s.withoutEarly(err)
		return false, nil
	}
	e.at += int64(len(data))
	e.last = next + uint64(len(blocks)) - 1
	return true, nil
}

// holds reports whether all of these batches are on disk.
func (s *Store) holds(digests []bft.Hash) (bool, error) {
	for _, d := range digests {
		if held, err := s.HasBatch(d); !held || err != nil {
			return false, err
		}
	}
	return true, nil
}

// withoutEarly goes on without the file.
func (s *Store) withoutEarly(err error) {
	s.options.Log.Warn("store: blocks wait for the disk before anybody hears of them", "file", earlyFile, "err", err)
	if s.early.file != nil {
		s.early.file.Close()
		s.early.file = nil
	}
}

// put notes that all blocks up to a height were put.
func (e *early) put(height uint64) {
	if height >= e.last {
		e.at, e.last = 0, height
	}
}

func (e *early) record(body []byte) []byte {
	data := binary.BigEndian.AppendUint32(make([]byte, macLen, earlyHead+len(body)), uint32(len(body)))
	data = append(data, body...)
	copy(data, e.sum(data[macLen:]))
	return data
}

// sum is not what the redo log has of the same bytes: there a number comes first, and
// this one is never reached.
func (e *early) sum(data []byte) []byte {
	e.mac.Reset()
	e.mac.WriteString("\xff\xff\xff\xff\xff\xff\xff\xff" + earlyFile)
	e.mac.Write(data)
	return e.mac.Sum(nil)[:macLen]
}

// read gives the blocks of the record at the front of data, and what is behind it; or
// not ok, where there is none.
func (e *early) read(data []byte) (list []earlyBlock, rest []byte, ok bool) {
	if len(data) < earlyHead {
		return nil, nil, false
	}
	size := uint64(binary.BigEndian.Uint32(data[macLen:]))
	if size > uint64(len(data)-earlyHead) {
		return nil, nil, false
	}
	end := earlyHead + int(size)
	if !bytes.Equal(e.sum(data[macLen:end]), data[:macLen]) || codec.Unmarshal(data[earlyHead:end], &list) != nil {
		return nil, nil, false
	}
	return list, data[end:], true
}

// loadEarly puts what a process that was killed had kept, and empties the file.
func (s *Store) loadEarly() error {
	e := &s.early
	e.mac = s.redo.mac.Clone()
	path := filepath.Join(s.dir, earlyFile)
	data, err := readStart(path, earlySize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.withoutEarly(err)
		return nil
	}
	for {
		list, rest, ok := e.read(data)
		if !ok {
			break
		}
		data = rest
		for _, b := range list {
			if b.Height <= s.Height() {
				continue // it was put
			}
			// It was on disk; so this is not the disk that it was.
			if held, err := s.holds(b.Taken); !held || err != nil || b.Height != s.Height()+1 {
				return err
			}
			if err := s.PutBlock(b.Height, b.Record, b.IDs, b.Taken); err != nil {
				return fmt.Errorf("%s: %w", earlyFile, err)
			}
		}
	}
	e.last = s.Height()
	if e.file, err = os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
		e.file = nil
		s.withoutEarly(err)
	}
	return nil
}

// readStart reads a file, up to a size.
func readStart(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, size))
}
