package store

import (
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"abad/bft"
)

// idsPart is the size of the pieces in which a block's value ids are kept: less
// than MaxRecord, and more than any block that is not the result of a burst.
const idsPart = 4 << 20

// MaxTaken is how many pending batches one block can take: their marks must go
// in the block's own transaction, which holds maxEntries.
const MaxTaken = 8 << 10

// PutBlock stores a block: its record, the ids of its values one after the other
// (16 bytes each), and that the batches in taken are no longer pending. It is one
// transaction: after a crash all of it is there or nothing. Heights are 1, 2, 3,
// ...; another than the next is refused with [ErrHeight]. Batches of a block are
// put before it, as one that comes later would be pending.
func (s *Store) PutBlock(height uint64, record, ids []byte, taken []bft.Hash) error {
	s.blocks.Lock()
	defer s.blocks.Unlock()
	if next := s.height.Load() + 1; height != next {
		return fmt.Errorf("%w: put block %d where %d is next", ErrHeight, height, next)
	}
	var w write
	w.set(numberKey(blockKey, height), record)
	for part := uint64(0); len(ids) > 0; part++ {
		n := min(len(ids), idsPart)
		w.set(pairKey(idsKey, height, part), ids[:n])
		ids = ids[n:]
	}
	gone := s.held.release(&w, taken)
	if len(gone) > MaxTaken {
		return fmt.Errorf("%w: block %d takes %d pending batches, at most %d", ErrTooLarge, height, len(gone), MaxTaken)
	}
	w.applied = func() {
		s.held.forget(gone)
		s.height.Store(height)
	}
	if err := s.write(&w); err != nil {
		return fmt.Errorf("put block %d: %w", height, err)
	}
	return nil
}

// Height is the height of the last block, 0 if there is none.
func (s *Store) Height() uint64 { return s.height.Load() }

// Block returns the record of a block, or [ErrNotFound].
func (s *Store) Block(height uint64) ([]byte, error) {
	data, err := s.get(numberKey(blockKey, height))
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", height, err)
	}
	return data, nil
}

// BlockIDs returns the ids of a block's values as they were put, or [ErrNotFound].
func (s *Store) BlockIDs(height uint64) (ids []byte, err error) {
	if height == 0 || height > s.Height() {
		return nil, fmt.Errorf("ids of block %d: %w", height, ErrNotFound)
	}
	prefix := numberKey(idsKey, height)
	err = s.scan(prefix, prefix, func(_ []byte, item *badger.Item) error {
		return s.value(item, func(data []byte) error {
			ids = append(ids, data...)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("ids of block %d: %w", height, err)
	}
	return ids, nil
}

// Blocks calls fn for the blocks from a height on, in order, until it returns an
// error, which Blocks returns. The record is valid during the call.
func (s *Store) Blocks(from uint64, fn func(height uint64, record []byte) error) error {
	return s.scan([]byte{blockKey}, numberKey(blockKey, from), func(key []byte, item *badger.Item) error {
		height := number(key, 0)
		return s.value(item, func(data []byte) error { return fn(height, data) })
	})
}

// PutCertificate stores the certificate of a block that is in the store.
func (s *Store) PutCertificate(height uint64, data []byte) error {
	if last := s.Height(); height == 0 || height > last {
		return fmt.Errorf("%w: a certificate for block %d of %d", ErrHeight, height, last)
	}
	var w write
	w.set(numberKey(certificateKey, height), data)
	w.applied = func() { s.certified.Store(max(height, s.certified.Load())) }
	if err := s.write(&w); err != nil {
		return fmt.Errorf("put certificate %d: %w", height, err)
	}
	return nil
}

// Certificate returns a block's certificate, or [ErrNotFound].
func (s *Store) Certificate(height uint64) ([]byte, error) {
	data, err := s.get(numberKey(certificateKey, height))
	if err != nil {
		return nil, fmt.Errorf("certificate %d: %w", height, err)
	}
	return data, nil
}

// Certified is the highest height with a certificate, 0 if there is none.
func (s *Store) Certified() uint64 { return s.certified.Load() }

func (s *Store) loadHeights() error {
	height, _, err := s.last(blockKey)
	if err != nil {
		return err
	}
	certified, _, err := s.last(certificateKey)
	if err != nil {
		return err
	}
	s.height.Store(height)
	s.certified.Store(certified)
	return nil
}
