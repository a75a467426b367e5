package store

import (
	"bytes"
	"fmt"

	"abad/bft"
)

// idsPart is the size of the pieces in which a block's value ids are kept: less
// than MaxRecord, and more than any block that is not the result of a burst.
const idsPart = 4 << 20

// MaxTaken is how many pending batches one block can take: their marks must go
// in the block's own transaction, which holds maxEntries.
const MaxTaken = 8 << 10

// Block is what [Store.PutBlocks] stores of one.
type Block struct {
	Height uint64
	Record []byte
	IDs    []byte     // of its values one after the other, 16 bytes each
	Taken  []bft.Hash // the batches that are no longer pending
}

// PutBlock stores one block; see [Store.PutBlocks].
func (s *Store) PutBlock(height uint64, record, ids []byte, taken []bft.Hash) error {
	return s.PutBlocks([]Block{{height, record, ids, taken}})
}

// PutBlocks stores blocks: their records, the ids of their values, and that the
// batches in Taken are no longer pending. After a crash a block is there as a
// whole or not at all, and the first ones if not all; those that fit go in one
// transaction. Heights are 1, 2, 3, ...; another than the next is refused with
// [ErrHeight], before any is written. Batches of a block are put before it, as
// one that comes later would be pending.
func (s *Store) PutBlocks(blocks []Block) error { return s.Commit(blocks, nil) }

// Commit is PutBlocks and then Append, which share what they can of the way to the
// disk.
func (s *Store) Commit(blocks []Block, records []Record) error {
	if len(blocks) > 0 {
		s.blocks.Lock()
		defer s.blocks.Unlock()
	}
	var all []*write
	for i, b := range blocks {
		if next := s.height.Load() + 1 + uint64(i); b.Height != next {
			return fmt.Errorf("%w: put block %d where %d is next", ErrHeight, b.Height, next)
		}
		w, err := s.blockWrite(b)
		if err != nil {
			return err
		}
		all = append(all, w)
	}
	if w := s.journalWrite(records); w != nil {
		all = append(all, w)
	}
	if err := s.write(all...); err != nil {
		return fmt.Errorf("put %d blocks and %d records: %w", len(blocks), len(records), err)
	}
	if len(blocks) > 0 {
		s.early.put(s.height.Load())
	}
	return nil
}

func (s *Store) blockWrite(b Block) (*write, error) {
	w := new(write)
	w.set(numberKey(blockKey, b.Height), b.Record)
	for ids, part := b.IDs, uint64(0); len(ids) > 0; part++ {
		n := min(len(ids), idsPart)
		w.ids(b.Height, part, ids[:n])
		ids = ids[n:]
	}
	gone := s.held.release(w, b.Taken)
	if len(gone) > MaxTaken {
		return nil, fmt.Errorf("%w: block %d takes %d pending batches, at most %d", ErrTooLarge, b.Height, len(gone), MaxTaken)
	}
	w.applied = func() {
		for _, p := range gone {
			s.taken.Add(uint64(p.Size))
		}
		s.held.forget(gone)
		s.height.Store(b.Height)
	}
	return w, nil
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
	prefix := numberKey(idsPlaceKey, height) // these are the first parts, if there are any
	err = s.scan(prefix, prefix, func(key []byte, r record) error {
		data, err := s.readFile(key, r)
		ids = append(ids, data...)
		return err
	})
	if err == nil {
		prefix = numberKey(idsKey, height)
		err = s.scan(prefix, prefix, func(_ []byte, r record) error {
			return r.value(func(data []byte) error {
				ids = append(ids, data...)
				return nil
			})
		})
	}
	if err != nil {
		return nil, fmt.Errorf("ids of block %d: %w", height, err)
	}
	return ids, nil
}

// DropIDs deletes the value ids of some blocks from one height on, of none behind last,
// and returns where to go on: behind last when it is done. [Store.BlockIDs] gives none
// for them then.
func (s *Store) DropIDs(from, last uint64) (next uint64, err error) {
	const atOnce = 256 // blocks
	var w write
	next = last + 1 // if there are none at all
	for _, family := range []byte{idsPlaceKey, idsKey} {
		err := s.scan([]byte{family}, numberKey(family, from), func(key []byte, _ record) error {
			height := number(key, 0)
			if height > last || height >= from+atOnce {
				next = min(next, height)
				return errStop
			}
			w.remove(bytes.Clone(key))
			return nil
		})
		if err != nil {
			return from, fmt.Errorf("drop ids from block %d on: %w", from, err)
		}
	}
	if len(w.entries) > 0 {
		if err := s.write(&w); err != nil {
			return from, fmt.Errorf("drop ids from block %d on: %w", from, err)
		}
	}
	return next, nil
}

// Blocks calls fn for the blocks from a height on, in order, until it returns an
// error, which Blocks returns. The record is valid during the call.
func (s *Store) Blocks(from uint64, fn func(height uint64, record []byte) error) error {
	return s.scan([]byte{blockKey}, numberKey(blockKey, from), func(key []byte, r record) error {
		height := number(key, 0)
		return r.value(func(data []byte) error { return fn(height, data) })
	})
}

// Certificate is that of a block, for [Store.PutCertificates].
type Certificate struct {
	Height uint64
	Data   []byte
}

// PutCertificate stores the certificate of a block that is in the store.
func (s *Store) PutCertificate(height uint64, data []byte) error {
	return s.PutCertificates([]Certificate{{height, data}})
}

// PutCertificates stores certificates of blocks that are in the store, in their
// order; those that fit go in one transaction.
func (s *Store) PutCertificates(certs []Certificate) error {
	for _, c := range certs {
		if last := s.Height(); c.Height == 0 || c.Height > last {
			return fmt.Errorf("%w: a certificate for block %d of %d", ErrHeight, c.Height, last)
		}
	}
	var all []*write
	for _, c := range certs {
		w := new(write)
		w.set(numberKey(certificateKey, c.Height), c.Data)
		w.applied = func() { s.certified.Store(max(c.Height, s.certified.Load())) }
		all = append(all, w)
	}
	if err := s.write(all...); err != nil {
		return fmt.Errorf("put %d certificates: %w", len(certs), err)
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
