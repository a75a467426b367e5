package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"abad/bft"
	"abad/codec"
)

// A node may speak of a block that nothing can undo before it has put it. What a crash
// of the process must not take back by then is in a file of its own, which is written
// and never synced: it outlives the process, not the machine, and costs a copy into the
// system's cache. The next start puts the blocks that it has.
//
//	size of the rest (4 bytes) | CRC-32C of it (4) | blocks
//
// Records follow each other until a put has all of their blocks; then the next one
// begins the file anew. What cannot be read at the end of them is an older one, or one
// that a crash cut off, of which nobody has heard.
const (
	earlyFile = "EARLY"
	earlyHead = 4 + 4
	// maxEarly bounds a record: what is larger is of a block on which nobody waits for
	// the disk alone.
	maxEarly = 64 << 10
)

// early is the open file.
type early struct {
	file *os.File
	at   int64 // where the next record goes
}

// earlyBlock is a [Block] in the file.
type earlyBlock struct {
	_      struct{} `cbor:",toarray"`
	Height uint64
	Record []byte
	IDs    []byte
	Taken  []bft.Hash
}

// Keep keeps blocks, the next ones after those that are put or kept, over a crash of
// this process until [Store.PutBlocks] makes them durable. It reports whether it does:
// not many of them, or large ones. Its error fails the store.
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
	size := 0
	list := make([]earlyBlock, len(blocks))
	for i, b := range blocks {
		size += len(b.Record) + len(b.IDs) + len(b.Taken)*len(bft.Hash{})
		list[i] = earlyBlock{Height: b.Height, Record: b.Record, IDs: b.IDs, Taken: b.Taken}
	}
	if size > maxEarly {
		return false, nil
	}
	body := codec.Marshal(list)
	data := binary.BigEndian.AppendUint32(make([]byte, 0, earlyHead+len(body)), uint32(len(body)))
	data = binary.BigEndian.AppendUint32(data, crc32.Checksum(body, castagnoli))
	data = append(data, body...)
	if _, err := s.early.file.WriteAt(data, s.early.at); err != nil {
		s.failure.set(fmt.Errorf("write %s: %w", earlyFile, err))
		return false, s.failure.get()
	}
	s.early.at += int64(len(data))
	return true, nil
}

// loadEarly puts what a process that was killed had kept.
func (s *Store) loadEarly() error {
	path := filepath.Join(s.dir, earlyFile)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for len(data) >= earlyHead {
		size, sum := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
		data = data[earlyHead:]
		if uint64(size) > uint64(len(data)) || crc32.Checksum(data[:size], castagnoli) != sum {
			break
		}
		var list []earlyBlock
		if err := codec.Unmarshal(data[:size], &list); err != nil {
			break
		}
		data = data[size:]
		for _, b := range list {
			if b.Height != s.Height()+1 {
				continue // it was put
			}
			if err := s.PutBlock(b.Height, b.Record, b.IDs, b.Taken); err != nil {
				return fmt.Errorf("%s: %w", earlyFile, err)
			}
		}
	}
	s.early.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	return err
}
