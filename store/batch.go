package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"abad/bft"
	"abad/codec"
)

// Pending describes a batch that is held and that no block has taken.
type Pending struct {
	Digest bft.Hash
	Maker  bft.ID
	Size   int // bytes
}

// held is the memory of what is pending; the disk has the same.
type held struct {
	mu       sync.Mutex
	pending  map[bft.Hash]*pending
	arrivals uint64 // one above the highest in use
}

type pending struct {
	Pending
	arrival uint64
	durable bool

	queued chan struct{} // closed when the put that made this has its place in the queue
	put    *write        // nil: there is nothing to write
	err    error         // why it could not be queued
}

type pendingRecord struct {
	Digest bft.Hash `cbor:"0,keyasint"`
	Maker  uint64   `cbor:"1,keyasint,omitempty"`
	Size   uint64   `cbor:"2,keyasint"`
}

// PutBatch stores a batch under its digest, which the caller has checked. It is
// on disk when PutBatch returns, and pending until a block takes it. A batch that
// is held, pending or not, stays as it is.
func (s *Store) PutBatch(digest bft.Hash, maker bft.ID, data []byte) error {
	return s.QueueBatch(digest, maker, data)()
}

// QueueBatch begins what PutBatch does; stored waits for its end. What is written by
// calls that begin after QueueBatch has returned is not on disk before the batch, so
// no crash can leave a record that speaks of it and not the batch. A small batch goes
// to disk with what is written next, or when somebody waits for it.
func (s *Store) QueueBatch(digest bft.Hash, maker bft.ID, data []byte) (stored func() error) {
	if len(data) == 0 {
		return func() error { return errors.New("put batch: it is empty") }
	}
	p, first := s.held.reserve(Pending{Digest: digest, Maker: maker, Size: len(data)})
	if first {
		p.put, p.err = s.queueReserved(p, data)
		if p.put == nil {
			s.held.forget([]*pending{p})
		}
		close(p.queued)
	} else {
		<-p.queued // the same batch from two peers at once: one of them writes
	}
	stored = func() error { return s.awaitPut(p) }
	if first && len(data) >= LargeBatch {
		go stored()
	}
	return stored
}

// queueReserved gives no write if there is an error, or nothing to write.
func (s *Store) queueReserved(p *pending, data []byte) (*write, error) {
	old, err := s.hasBatch(p.Digest)
	if err != nil || old {
		return nil, err
	}
	w := new(write)
	w.batch(p.Digest, data)
	w.set(numberKey(pendingKey, p.arrival), codec.Marshal(pendingRecord{p.Digest, uint64(p.Maker), uint64(p.Size)}))
	w.applied = func() { s.held.keep(p) }
	if err := s.enqueue(w); err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Store) awaitPut(p *pending) error {
	err := p.err
	if p.put != nil {
		err = s.await(p.put)
	}
	if err != nil {
		return fmt.Errorf("put batch %s: %w", p.Digest.Short(), err)
	}
	return nil
}

// durablePending is one that is on disk already.
func durablePending(p Pending, arrival uint64) *pending {
	queued := make(chan struct{})
	close(queued)
	return &pending{Pending: p, arrival: arrival, durable: true, queued: queued, put: &write{done: true}}
}

// reserve returns the batch's entry and whether the caller made it.
func (h *held) reserve(p Pending) (*pending, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.pending[p.Digest]; old != nil {
		return old, false
	}
	e := &pending{Pending: p, arrival: h.arrivals, queued: make(chan struct{})}
	h.arrivals++
	h.pending[p.Digest] = e
	return e, true
}

func (h *held) keep(p *pending) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.durable = true
}

// release adds to w what ends the pending state of the given batches. A put that is on
// its way has its place in the queue before w, so its mark cannot come after its removal.
func (h *held) release(w *write, digests []bft.Hash) (gone []*pending) {
	for _, d := range digests {
		h.mu.Lock()
		p := h.pending[d]
		h.mu.Unlock()
		if p == nil {
			continue
		}
		if <-p.queued; p.put != nil {
			w.remove(numberKey(pendingKey, p.arrival))
			gone = append(gone, p)
		}
	}
	return gone
}

func (h *held) forget(gone []*pending) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range gone {
		if h.pending[p.Digest] == p {
			delete(h.pending, p.Digest)
		}
	}
}

// Batch returns a batch's bytes, which are the caller's, or [ErrNotFound].
func (s *Store) Batch(digest bft.Hash) (data []byte, err error) {
	err = s.look(digest, func(shown []byte, own bool) {
		if data = shown; !own {
			data = bytes.Clone(shown)
		}
	})
	return data, err
}

// LookBatch shows a batch's bytes; they are valid during the call. Where they are in
// memory that saves a copy. The error is [ErrNotFound], or the disk's.
func (s *Store) LookBatch(digest bft.Hash, look func(data []byte)) error {
	return s.look(digest, func(data []byte, _ bool) { look(data) })
}

// look shows a batch's bytes, and whether nobody else has them.
func (s *Store) look(digest bft.Hash, look func(data []byte, own bool)) error {
	err := s.findBatch(digest, func(r record, inFile bool) error {
		if !inFile {
			return r.value(func(data []byte) error { look(data, false); return nil })
		}
		data, err := s.readFile(placeOf(digest), r)
		if err == nil {
			look(data, true)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("batch %s: %w", digest.Short(), err)
	}
	return nil
}

// findBatch is find for a batch, and says whether it is in a file.
func (s *Store) findBatch(digest bft.Hash, fn func(r record, inFile bool) error) error {
	return s.findOne([][]byte{placeOf(digest), digestKey(digest)}, func(found []byte, r record) error {
		return fn(r, found[0] == placeKey)
	})
}

func (s *Store) hasBatch(digest bft.Hash) (bool, error) {
	err := s.findBatch(digest, func(record, bool) error { return nil })
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// BatchSize returns about how many bytes a batch has, a few more or less, without
// reading them; or [ErrNotFound].
func (s *Store) BatchSize(digest bft.Hash) (size int, err error) {
	err = s.findBatch(digest, func(r record, inFile bool) error {
		if size = r.size(); !inFile {
			return nil
		}
		p, _, err := r.place(placeOf(digest))
		size = p.size
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("batch %s: %w", digest.Short(), err)
	}
	return size, nil
}

// IsPending reports whether a batch is on disk and in no block. It does not wait.
func (s *Store) IsPending(digest bft.Hash) bool {
	s.held.mu.Lock()
	defer s.held.mu.Unlock()
	p := s.held.pending[digest]
	return p != nil && p.durable
}

// HasBatch reports whether a batch is on disk. It never waits for the disk to
// write.
func (s *Store) HasBatch(digest bft.Hash) (bool, error) {
	if s.IsPending(digest) {
		return true, nil
	}
	return s.hasBatch(digest)
}

// Pending yields the pending batches in the order of their arrival, as they are
// at the call.
func (s *Store) Pending() iter.Seq[Pending] {
	s.held.mu.Lock()
	defer s.held.mu.Unlock()
	var all []*pending
	for _, p := range s.held.pending {
		if p.durable {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *pending) int { return cmp.Compare(a.arrival, b.arrival) })
	return func(yield func(Pending) bool) {
		for _, p := range all {
			if !yield(p.Pending) {
				return
			}
		}
	}
}

// DropBatch forgets a batch, pending or not. The disk gets its room back later,
// see Run.
func (s *Store) DropBatch(digest bft.Hash) error {
	var w write
	w.remove(digestKey(digest))
	w.remove(placeOf(digest))
	gone := s.held.release(&w, []bft.Hash{digest})
	w.applied = func() { s.held.forget(gone) }
	if err := s.write(&w); err != nil {
		return fmt.Errorf("drop batch %s: %w", digest.Short(), err)
	}
	return nil
}

func (s *Store) loadPending() error {
	s.held.pending = make(map[bft.Hash]*pending)
	family := []byte{pendingKey}
	return s.scan(family, family, func(key []byte, found record) error {
		var r pendingRecord
		if err := found.value(func(data []byte) error { return codec.Unmarshal(data, &r) }); err != nil {
			return fmt.Errorf("pending batch: %w", err)
		}
		p := durablePending(Pending{Digest: r.Digest, Maker: bft.ID(r.Maker), Size: int(r.Size)}, number(key, 0))
		s.held.pending[r.Digest] = p
		s.held.arrivals = p.arrival + 1
		return nil
	})
}
