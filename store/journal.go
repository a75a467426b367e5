package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
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
	// trimStep is how many parts are removed at once.
	trimStep = 4 << 10
)

// keptName is the meta record with the first epoch that was not trimmed.
const keptName = "\x00kept"

type journal struct {
	mu     sync.Mutex
	next   uint64              // number of the next part
	kept   uint64              // epochs below are trimmed
	epochs map[uint64][]uint64 // with records: the numbers of the parts; below kept: to be removed
	trim   sync.Mutex          // one Trim at a time
}

// Append adds records to the journals of their epochs in one transaction. They
// are on disk when it returns. Records of trimmed epochs are not kept: nobody
// will replay them.
func (s *Store) Append(records []Record) error { return s.Commit(nil, records) }

// journalWrite gives nil if there is nothing to write.
func (s *Store) journalWrite(records []Record) *write {
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
	w := new(write)
	parts := make(map[uint64][]uint64, len(order))
	for _, epoch := range order {
		parts[epoch] = s.journal.add(w, epoch, streams[epoch], part)
	}
	w.applied = func() { s.journal.note(parts) }
	return w
}

// add cuts a piece into parts, and gives their numbers.
func (j *journal) add(w *write, epoch uint64, piece []byte, part int) (numbers []uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(piece) > 0 {
		n := min(len(piece), part)
		w.set(pairKey(journalKey, epoch, j.next), piece[:n])
		numbers = append(numbers, j.next)
		j.next++
		piece = piece[n:]
	}
	return numbers
}

func (j *journal) note(parts map[uint64][]uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for e, numbers := range parts {
		j.epochs[e] = append(j.epochs[e], numbers...)
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
	err := s.scan(prefix, prefix, func(_ []byte, r record) error {
		return r.value(func(data []byte) (err error) {
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
	list := slices.Sorted(maps.Keys(s.journal.epochs))
	first, _ := slices.BinarySearch(list, s.journal.kept)
	return list[first:]
}

// Trim forgets the records of all epochs up to and including upTo. It first
// writes down that they are forgotten, so a crash cannot leave half a journal.
func (s *Store) Trim(upTo uint64) error {
	if upTo == math.MaxUint64 {
		return errors.New("trim the journal: the last epoch cannot be trimmed")
	}
	s.journal.trim.Lock()
	defer s.journal.trim.Unlock()
	if !s.journal.advance(upTo + 1) {
		return nil
	}
	var w write
	w.set(namedKey(keptName), binary.BigEndian.AppendUint64(nil, upTo+1))
	if err := s.write(append([]*write{&w}, s.journal.remove(0, upTo)...)...); err != nil {
		return fmt.Errorf("trim the journal: %w", err)
	}
	return nil
}

// Drop forgets the records of one epoch. A crash in the middle may leave the later
// ones of them: whoever drops an epoch has a reason on disk not to read it again.
func (s *Store) Drop(epoch uint64) error {
	if err := s.write(s.journal.remove(epoch, epoch)...); err != nil {
		return fmt.Errorf("drop the journal of epoch %d: %w", epoch, err)
	}
	return nil
}

// Cut forgets the records of the epochs from first to last. A crash in the middle
// leaves some of them; whoever cuts at every start never sees those.
func (s *Store) Cut(first, last uint64) error {
	if last == math.MaxUint64 {
		return errors.New("cut the journal: the last epoch cannot be cut")
	}
	if err := s.write(s.journal.remove(first, last)...); err != nil {
		return fmt.Errorf("cut the journal: %w", err)
	}
	return nil
}

// advance moves kept up, and reports whether it does.
func (j *journal) advance(kept uint64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if kept <= j.kept {
		return false
	}
	j.kept = kept
	return true
}

// remove forgets the parts of the epochs from first to last, and gives what makes the
// disk do so, in steps.
func (j *journal) remove(first, last uint64) (steps []*write) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range slices.Sorted(maps.Keys(j.epochs)) {
		if e < first || e > last {
			continue
		}
		for _, number := range j.epochs[e] {
			if n := len(steps); n == 0 || len(steps[n-1].entries) == trimStep {
				steps = append(steps, new(write))
			}
			steps[len(steps)-1].remove(pairKey(journalKey, e, number))
		}
		delete(j.epochs, e)
	}
	return steps
}

func (s *Store) loadJournal() error {
	j := &s.journal
	j.epochs = make(map[uint64][]uint64)
	switch data, err := s.get(namedKey(keptName)); {
	case err == nil && len(data) == 8:
		j.kept = binary.BigEndian.Uint64(data)
	case err == nil:
		return fmt.Errorf("the journal's first epoch has %d bytes", len(data))
	case !errors.Is(err, ErrNotFound):
		return err
	}
	family := []byte{journalKey}
	err := s.scan(family, family, func(key []byte, _ record) error {
		epoch, part := number(key, 0), number(key, 1)
		j.epochs[epoch] = append(j.epochs[epoch], part)
		j.next = max(j.next, part+1)
		return nil
	})
	if err != nil || j.kept == 0 {
		return err
	}
	return s.write(j.remove(0, j.kept-1)...) // what a crash has left of a Trim
}
