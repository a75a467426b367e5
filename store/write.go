package store

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"

	"abad/batch"
	"abad/bft"
)

// write is one atomic, durable change.
type write struct {
	entries []entry
	inline  int      // bytes for the tree
	payload int      // bytes for the value log
	files   []inFile // on the disk before the entries
	applied func()   // brings memory in line with the disk; called in the order of the writes

	done bool // it is on disk, or err says why not
	err  error
}

type entry struct {
	key, value []byte
	remove     bool
}

func (w *write) size() size {
	all := size{count: len(w.entries), inline: w.inline, payload: w.payload}
	for _, f := range w.files {
		all.files += len(f.data)
	}
	return all
}

// entryOverhead is what badger adds to an entry in its transaction's size, and
// what it adds at most to a record in a log.
const entryOverhead = 48

func (w *write) set(key, value []byte) { w.put(entry{key: key, value: value}) }

func (w *write) remove(key []byte) { w.put(entry{key: key, remove: true}) }

// batch sets a batch, which is in a file if it is large.
func (w *write) batch(digest bft.Hash, data []byte) {
	if len(data) < LargeBatch {
		w.set(digestKey(digest), data)
		return
	}
	w.file(placeOf(digest), data, make([]byte, placeSize))
}

// ids sets value ids, which are in a file if they are many.
func (w *write) ids(height, part uint64, data []byte) {
	if len(data) < LargeBatch {
		w.set(pairKey(idsKey, height, part), data)
		return
	}
	digest := batch.Digest(data)
	w.file(pairKey(idsPlaceKey, height, part), data, append(make([]byte, placeSize), digest[:]...))
}

// file puts data into a file, and its place at the beginning of its record.
func (w *write) file(key, data, record []byte) {
	w.files = append(w.files, inFile{data, record})
	w.set(key, record)
}

func (w *write) put(e entry) {
	w.entries = append(w.entries, e)
	w.inline += len(e.key) + entryOverhead
	if len(e.value) < valueThreshold {
		w.inline += len(e.value)
	} else {
		w.payload += len(e.value)
	}
}

// queue holds the writes that wait for the disk. Of those who wait for one of them, one
// leads.
type queue struct {
	mu      sync.Mutex
	waiting []*write
	led     bool
	ended   sync.Cond // a group has ended
}

// maxGroupPayload bounds the payload that is committed together, so that a small
// write never waits for more than about this much besides what is in flight.
const maxGroupPayload = 4 << 20

// MaxRecord bounds a batch, a block record, a certificate and a meta record in
// bytes: half of a value log file, which is badger's bound of a value, and four
// times the largest batch.
const MaxRecord = valueLogFile / 2

// write puts all of ws on disk, in their order and together with what others want
// written meanwhile. It is the only way to the disk. The slices in them must not change
// until it returns.
func (s *Store) write(ws ...*write) error {
	if len(ws) == 0 {
		return nil
	}
	if err := s.enqueue(ws...); err != nil {
		return err
	}
	return s.await(ws[len(ws)-1]) // after a failure none succeeds
}

// enqueue puts ws in their place among the writes: those enqueued later are not on disk
// before them. They get there when anybody awaits the last one or a later one. If one
// is too large, none is enqueued.
func (s *Store) enqueue(ws ...*write) error {
	for _, w := range ws {
		if err := w.check(); err != nil {
			return err
		}
	}
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	s.queue.waiting = append(s.queue.waiting, ws...)
	return nil
}

// check refuses what no transaction takes.
func (w *write) check() error {
	if len(w.entries) > maxEntries || w.inline > maxInline {
		return fmt.Errorf("%w: %d records with %d bytes besides payload, at most %d with %d",
			ErrTooLarge, len(w.entries), w.inline, maxEntries, maxInline)
	}
	for _, e := range w.entries {
		if len(e.value) > MaxRecord {
			return fmt.Errorf("%w: a record of %d bytes, at most %d", ErrTooLarge, len(e.value), MaxRecord)
		}
	}
	for _, f := range w.files {
		if len(f.data) > MaxRecord {
			return fmt.Errorf("%w: a batch of %d bytes, at most %d", ErrTooLarge, len(f.data), MaxRecord)
		}
	}
	return nil
}

// await puts w on disk, with all before it and what is queued behind it, or waits until
// another one has.
func (s *Store) await(w *write) error {
	if err := s.views.enter(&s.views.writers); err != nil {
		return err
	}
	defer s.views.leave(&s.views.writers)
	q := &s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for !w.done {
		if q.led {
			q.ended.Wait()
			continue
		}
		group := q.take()
		q.led = true
		q.mu.Unlock()
		err := s.commit(group)
		q.mu.Lock()
		q.led = false
		q.finish(group, err)
	}
	return w.err
}

// take removes the first of the writes, as many as fit into one transaction.
func (q *queue) take() []*write {
	var all size
	n := 0
	for ; n < len(q.waiting); n++ {
		all = all.plus(q.waiting[n].size())
		if n > 0 && (!all.fits() || all.bytes() > maxGroupPayload) {
			break
		}
	}
	group := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return group
}

// finish tells a group how it ended.
func (q *queue) finish(group []*write, err error) {
	for _, w := range group {
		w.done, w.err = true, err
		if err == nil && w.applied != nil {
			w.applied()
		}
		w.entries, w.files = nil, nil // a pending batch remembers its write, and need not keep its bytes
	}
	q.ended.Broadcast()
}

// commit puts a group on disk as a whole; an error fails the store.
func (s *Store) commit(group []*write) error {
	if err := s.failure.get(); err != nil {
		return err
	}
	var all size
	var entries []entry
	var files []inFile
	for _, w := range group {
		all = all.plus(w.size())
		entries = append(entries, w.entries...)
		files = append(files, w.files...)
	}
	began := time.Now()
	err := s.putAll(files, entries, all)
	if err == nil && s.options.Synced != nil {
		s.options.Synced.Observe(time.Since(began).Seconds())
	}
	if err != nil {
		s.failure.set(fmt.Errorf("write: %w", err))
	}
	return s.failure.get()
}

// room checks that the disk has room. The redo log has its own.
func (s *Store) room(all size) error {
	need := s.options.MinFree + uint64(all.inline+all.payload+all.files)
	free, err := freeBytes(s.dir)
	if err != nil {
		return fmt.Errorf("ask for the free space: %w", err)
	}
	if free < need {
		return fmt.Errorf("%w: %d MiB are free, and %d MiB must stay so", syscall.ENOSPC, free>>20, s.options.MinFree>>20)
	}
	return nil
}

// putAll writes batches to files, and then what has their records.
func (s *Store) putAll(files []inFile, entries []entry, all size) error {
	if s.options.BeforeWrite != nil {
		if err := s.options.BeforeWrite(); err != nil {
			return err
		}
	}
	if len(files) > 0 {
		if err := s.room(size{files: all.files}); err != nil {
			return err
		}
		if err := s.files.put(files); err != nil {
			return fmt.Errorf("%s: %w", filesDir, err)
		}
	}
	gone, err := s.gone(entries)
	if err == nil {
		err = s.put(entries, all)
	}
	if err == nil {
		s.files.drop(gone)
	}
	return err
}

// put writes to the redo log what is small, and everything else to badger.
func (s *Store) put(entries []entry, all size) error {
	small := all.payload <= maxRedo && all.inline <= maxRedoInline
	fits := s.recent.size.plus(all).fits()
	var err error
	switch {
	case small && fits && s.redo.room(entries):
		err = s.record(entries, all)
	case small:
		if err = s.turn(); err == nil {
			err = s.record(entries, all)
		}
	default:
		if err = s.settle(); err == nil && !fits {
			err = s.fold(nil, size{})
		}
		if err == nil {
			err = s.fold(entries, all)
		}
	}
	return err
}

// record writes to the redo log.
func (s *Store) record(entries []entry, all size) error {
	number := s.writes.Load() + 1
	kept, err := s.redo.append(number, entries)
	if err != nil {
		return fmt.Errorf("%s: %w", redoFile, err)
	}
	s.recent.add(kept, all)
	s.writes.Store(number)
	return nil
}

// turn goes on in the other half of the redo log, while badger gets what the first one
// has: votes need not wait for that.
func (s *Store) turn() error {
	if err := s.settle(); err != nil {
		return err
	}
	older, taken := s.recent.age()
	number, folding := s.writes.Load(), make(chan error, 1)
	s.redo.turn()
	s.folding = folding
	go func() {
		err := s.transact(older, nil, taken, number)
		if err != nil {
			s.failure.set(fmt.Errorf("write: %w", err)) // the redo log has it
		}
		folding <- err
	}()
	return nil
}

// settle waits until badger has the older part of what is recent.
func (s *Store) settle() (err error) {
	if s.folding != nil {
		err = <-s.folding
		s.folding = nil
	}
	return err
}

// fold writes to badger what is recent, and more entries, in one transaction. Nothing
// is being folded.
func (s *Store) fold(entries []entry, all size) error {
	number := s.writes.Load()
	if len(entries) > 0 {
		number++
	}
	older, taken := s.recent.age()
	if err := s.transact(older, entries, taken.plus(all), number); err != nil {
		return err
	}
	s.redo.restart()
	s.writes.Store(number)
	return nil
}

// transact is a transaction of badger's with the older layer, and more entries: all up
// to the numbered write.
func (s *Store) transact(older layer, entries []entry, all size, number uint64) error {
	if err := s.room(all); err != nil {
		return err
	}
	now := s.durable.Load()
	txn := s.db.NewTransactionAt(now, true)
	defer txn.Discard()
	for _, family := range older {
		for _, e := range family {
			if err := put(txn, e); err != nil {
				return err
			}
		}
	}
	for _, e := range entries {
		if err := put(txn, e); err != nil {
			return err
		}
	}
	if err := txn.Set(foldedKey, binary.BigEndian.AppendUint64(nil, number)); err != nil {
		return err
	}
	if err := txn.CommitAt(now+1, nil); err != nil {
		return err
	}
	s.wrote(all.payload)
	// Badger only logs that a value log file could not be synced, and does so before the
	// transaction returns.
	if err := s.failure.get(); err != nil {
		return err
	}
	s.recent.forget(func() { s.durable.Store(now + 1) })
	return nil
}

func put(txn *badger.Txn, e entry) error {
	if e.remove {
		return txn.Delete(e.key)
	}
	return txn.Set(e.key, e.value)
}
