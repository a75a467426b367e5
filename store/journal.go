package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"
)

// Record is one entry of the journal.
type Record struct {
	Epoch uint64
	Data  []byte
}

// The journal of an epoch is a stream of records, each a length (unsigned
// varint) and its data. An Append adds a piece to the stream of each epoch that
// it has records of, cut into parts; a part's key ends in a number that only
// grows. A piece is whole or absent, so the parts of an epoch in the order of
// their keys always make whole records.
const (
	// smallPart keeps the parts of an ordinary append in the tree: journals live
	// for seconds, and in the value log their garbage would lie among batches.
	smallPart = valueThreshold - 1
	// largePart takes an append that is too much for a transaction to the value log.
	largePart = 1 << 20
	// maxSmall is the size of an append from which parts are large. It leaves
	// room for others in the same transaction.
	maxSmall = maxInline / 4
	// trimStep is how many parts one transaction of Trim removes.
	trimStep = 4 << 10
)

// keptName is the meta record with the first epoch that was not trimmed.
const keptName = "\x00kept"

type journal struct {
	mu     sync.Mutex
	next   uint64              // number of the next part
	kept   uint64              // epochs below are trimmed
	epochs map[uint64]struct{} // those with records
	trim   sync.Mutex          // one Trim at a time
}

// Append adds records to the journals of their epochs in one transaction. They
// are on disk when it returns. Records of trimmed epochs are not kept: nobody
// will replay them.
func (s *Store) Append(records []Record) error {
	streams := make(map[uint64][]byte)
	var order []uint64
	size := 0
	s.journal.mu.Lock()
	kept := s.journal.kept
	s.journal.mu.Unlock()
	for _, r := range records {
		if r.Epoch < kept {
			continue
		}
		stream, old := streams[r.Epoch]
		if !old {
			order = append(order, r.Epoch)
		}
		stream = binary.AppendUvarint(stream, uint64(len(r.Data)))
		streams[r.Epoch] = append(stream, r.Data...)
		size += len(r.Data)
	}
	if len(order) == 0 {
		return nil
	}
	part := smallPart
	if size > maxSmall {
		part = largePart
	}
	var w write
	for _, epoch := range order {
		s.journal.add(&w, epoch, streams[epoch], part)
	}
	w.applied = func() { s.journal.note(order) }
	if err := s.write(&w); err != nil {
		return fmt.Errorf("append to the journal: %w", err)
	}
	return nil
}

// add cuts a piece into parts.
func (j *journal) add(w *write, epoch uint64, piece []byte, part int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(piece) > 0 {
		n := min(len(piece), part)
		w.set(pairKey(journalKey, epoch, j.next), piece[:n])
		j.next++
		piece = piece[n:]
	}
}

func (j *journal) note(epochs []uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range epochs {
		if e >= j.kept {
			j.epochs[e] = struct{}{}
		}
	}
}

// Journal calls fn for the records of an epoch in the order in which they were
// appended, until fn returns an error, which Journal returns. Data is valid
// during the call.
func (s *Store) Journal(epoch uint64, fn func(data []byte) error) error {
	s.journal.mu.Lock()
	trimmed := epoch < s.journal.kept
	s.journal.mu.Unlock()
	if trimmed {
		return nil
	}
	var stream []byte
	prefix := numberKey(journalKey, epoch)
	err := s.scan(prefix, prefix, func(_ []byte, item *badger.Item) error {
		return s.value(item, func(data []byte) (err error) {
			stream, err = eachRecord(append(stream, data...), fn)
			return err
		})
	})
	if err == nil && len(stream) > 0 {
		err = s.lost(errors.New("a record is cut off"))
	}
	if err != nil {
		return fmt.Errorf("journal of epoch %d: %w", epoch, err)
	}
	return nil
}

// eachRecord calls fn for the whole records at the front of stream and returns
// the rest.
func eachRecord(stream []byte, fn func([]byte) error) ([]byte, error) {
	for {
		size, n := binary.Uvarint(stream)
		if n <= 0 || size > uint64(len(stream)-n) {
			return stream, nil
		}
		end := n + int(size)
		if err := fn(stream[n:end:end]); err != nil {
			return nil, err
		}
		stream = stream[end:]
	}
}

// Epochs returns the epochs that have records, in ascending order.
func (s *Store) Epochs() []uint64 {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Sorted(maps.Keys(s.journal.epochs))
}

// Trim forgets the records of all epochs up to and including upTo. It first
// writes down that they are forgotten, so a crash cannot leave half a journal.
func (s *Store) Trim(upTo uint64) error {
	if upTo == math.MaxUint64 {
		return errors.New("trim the journal: the last epoch cannot be trimmed")
	}
	s.journal.trim.Lock()
	defer s.journal.trim.Unlock()
	first, ok := s.journal.advance(upTo + 1)
	if !ok {
		return nil
	}
	var w write
	w.set(namedKey(keptName), binary.BigEndian.AppendUint64(nil, upTo+1))
	err := s.write(&w)
	if err == nil {
		err = s.sweep(first, upTo+1)
	}
	if err != nil {
		return fmt.Errorf("trim the journal: %w", err)
	}
	return nil
}

// Drop forgets the records of one epoch. A crash in the middle may leave the later
// ones of them: whoever drops an epoch has a reason on disk not to read it again.
func (s *Store) Drop(epoch uint64) error {
	s.journal.mu.Lock()
	delete(s.journal.epochs, epoch)
	s.journal.mu.Unlock()
	if err := s.sweep(epoch, epoch+1); err != nil {
		return fmt.Errorf("drop the journal of epoch %d: %w", epoch, err)
	}
	return nil
}

// advance moves kept up and returns the first epoch that had records.
func (j *journal) advance(kept uint64) (first uint64, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if kept <= j.kept {
		return 0, false
	}
	j.kept = kept
	first = kept
	for e := range j.epochs {
		if e < kept {
			first = min(first, e)
			delete(j.epochs, e)
		}
	}
	return first, true
}

// Cut forgets the records of the epochs from first to last. A crash in the middle
// leaves some of them; whoever cuts at every start never sees those.
func (s *Store) Cut(first, last uint64) error {
	s.journal.trim.Lock()
	defer s.journal.trim.Unlock()
	if last == math.MaxUint64 {
		return errors.New("cut the journal: the last epoch cannot be cut")
	}
	if err := s.sweep(first, last+1); err != nil {
		return fmt.Errorf("cut the journal: %w", err)
	}
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	for e := range s.journal.epochs {
		if first <= e && e <= last {
			delete(s.journal.epochs, e)
		}
	}
	return nil
}

// sweep removes the parts of the epochs from first to before kept.
func (s *Store) sweep(first, kept uint64) error {
	start := numberKey(journalKey, first)
	for {
		var w write
		err := s.scan([]byte{journalKey}, start, func(key []byte, _ *badger.Item) error {
			if number(key, 0) >= kept || len(w.entries) == trimStep {
				return errStop
			}
			w.remove(slices.Clone(key))
			return nil
		})
		if err != nil || len(w.entries) == 0 {
			return err
		}
		start = w.entries[len(w.entries)-1].key
		if err := s.write(&w); err != nil {
			return err
		}
	}
}

func (s *Store) loadJournal() error {
	j := &s.journal
	j.epochs = make(map[uint64]struct{})
	switch data, err := s.get(namedKey(keptName)); {
	case err == nil && len(data) == 8:
		j.kept = binary.BigEndian.Uint64(data)
	case err == nil:
		return fmt.Errorf("the journal's first epoch has %d bytes", len(data))
	case !errors.Is(err, ErrNotFound):
		return err
	}
	if err := s.sweep(0, j.kept); err != nil {
		return err
	}
	family := []byte{journalKey}
	return s.scan(family, family, func(key []byte, _ *badger.Item) error {
		j.epochs[number(key, 0)] = struct{}{}
		j.next = max(j.next, number(key, 1)+1)
		return nil
	})
}
