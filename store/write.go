package store

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// write is one atomic, durable change.
type write struct {
	entries []entry
	inline  int    // bytes for the tree
	payload int    // bytes for the value log
	applied func() // brings memory in line with the disk; called in the order of the writes

	turn chan bool // true: lead; false: done, see err
	err  error
}

type entry struct {
	key, value []byte
	remove     bool
}

// entryOverhead is what badger adds to an entry in its transaction's size, and
// what it adds at most to a record in a log.
const entryOverhead = 48

func (w *write) set(key, value []byte) {
	w.entries = append(w.entries, entry{key: key, value: value})
	w.inline += len(key) + entryOverhead
	if len(value) < valueThreshold {
		w.inline += len(value)
	} else {
		w.payload += len(value)
	}
}

func (w *write) remove(key []byte) {
	w.entries = append(w.entries, entry{key: key, remove: true})
	w.inline += len(key) + entryOverhead
}

// fits reports whether o can go into the transaction of w. A first one always
// can: whether it is too large by itself, the write says.
func (w *write) fits(o *write) bool {
	return len(w.entries) == 0 || len(w.entries)+len(o.entries) <= maxEntries &&
		w.inline+o.inline <= maxInline && w.payload+o.payload <= maxGroupPayload
}

// append adds what o writes.
func (w *write) append(o *write) {
	w.entries = append(w.entries, o.entries...)
	w.inline += o.inline
	w.payload += o.payload
	before := w.applied
	w.applied = func() {
		if before != nil {
			before()
		}
		if o.applied != nil {
			o.applied()
		}
	}
}

// queue holds the writes that wait for the disk. The first one's caller leads.
type queue struct {
	mu      sync.Mutex
	waiting []*write
	led     bool
}

// maxGroupPayload bounds the payload that is committed together, so that a small
// write never waits for more than about this much besides what is in flight.
const maxGroupPayload = 4 << 20

// MaxRecord bounds a batch, a block record, a certificate and a meta record in
// bytes: half of a value log file, which is badger's bound of a value, and four
// times the largest batch.
const MaxRecord = valueLogFile / 2

// write puts w on disk, together with what others want written meanwhile. It is
// the only way to the disk. The slices in w must not change until it returns.
func (s *Store) write(w *write) error {
	if len(w.entries) > maxEntries || w.inline > maxInline {
		return fmt.Errorf("%w: %d records with %d bytes besides payload, at most %d with %d",
			ErrTooLarge, len(w.entries), w.inline, maxEntries, maxInline)
	}
	for _, e := range w.entries {
		if len(e.value) > MaxRecord {
			return fmt.Errorf("%w: a record of %d bytes, at most %d", ErrTooLarge, len(e.value), MaxRecord)
		}
	}
	if err := s.views.enter(&s.views.writers); err != nil {
		return err
	}
	defer s.views.leave(&s.views.writers)
	w.turn = make(chan bool, 1)
	if !s.queue.join(w) && !<-w.turn {
		return w.err
	}
	group := s.queue.take()
	err := s.commit(group)
	s.queue.finish(group, err)
	return err
}

// join queues w and reports whether its caller leads.
func (q *queue) join(w *write) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
	leads := !q.led
	q.led = true
	return leads
}

// take returns the leader's write and those behind it that fit into one
// transaction.
func (q *queue) take() []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	var entries, inline, payload, n int
	for ; n < len(q.waiting); n++ {
		w := q.waiting[n]
		entries, inline, payload = entries+len(w.entries), inline+w.inline, payload+w.payload
		if n > 0 && (entries > maxEntries || inline > maxInline || payload > maxGroupPayload) {
			break
		}
	}
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return group
}

// finish tells a group how it ended and hands the lead on.
func (q *queue) finish(group []*write, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range group {
		if err == nil && w.applied != nil {
			w.applied()
		}
	}
	for _, w := range group[1:] { // group[0] is the leader itself
		w.err = err
		w.turn <- false
	}
	if q.led = len(q.waiting) > 0; q.led {
		q.waiting[0].turn <- true
	} else {
		q.waiting = nil
	}
}

// commit writes a group as one transaction; an error fails the store.
func (s *Store) commit(group []*write) error {
	if err := s.failure.get(); err != nil {
		return err
	}
	if err := s.room(group); err != nil {
		s.failure.set(err)
	} else if err := s.transact(group); err != nil {
		s.failure.set(fmt.Errorf("write: %w", err))
	}
	// Also when transact returned nil: badger only logs that a value log file
	// could not be synced, and does so before the transaction returns.
	return s.failure.get()
}

// room checks that the disk has room for a group.
func (s *Store) room(group []*write) error {
	need := s.options.MinFree
	for _, w := range group {
		need += uint64(w.inline + w.payload)
	}
	free, err := freeBytes(s.dir)
	if err != nil {
		return fmt.Errorf("ask for the free space: %w", err)
	}
	if free < need {
		return fmt.Errorf("%w: %d MiB are free, and %d MiB must stay so", syscall.ENOSPC, free>>20, s.options.MinFree>>20)
	}
	return nil
}

func (s *Store) transact(group []*write) error {
	if s.options.BeforeWrite != nil {
		if err := s.options.BeforeWrite(); err != nil {
			return err
		}
	}
	began := time.Now()
	now := s.durable.Load()
	txn := s.db.NewTransactionAt(now, true)
	defer txn.Discard()
	payload := 0
	for _, w := range group {
		payload += w.payload
		for _, e := range w.entries {
			if err := put(txn, e); err != nil {
				return err
			}
		}
	}
	if err := txn.CommitAt(now+1, nil); err != nil {
		return err
	}
	if s.failure.get() == nil {
		s.durable.Store(now + 1)
	}
	s.wrote(payload)
	if s.options.Synced != nil {
		s.options.Synced.Observe(time.Since(began).Seconds())
	}
	return nil
}

func put(txn *badger.Txn, e entry) error {
	if e.remove {
		return txn.Delete(e.key)
	}
	return txn.Set(e.key, e.value)
}
