package store

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/dgraph-io/badger/v4"
)

// views counts the calls that use the database. With no reader in it, old
// versions may be forgotten; closed and with nobody in it, the database may go.
type views struct {
	mu               sync.Mutex
	readers, writers int
	closed           bool
	left             *sync.Cond
}

// enter counts a call in, under one of the two counts. Calls may nest: a closing
// store refuses the inner one and waits for the outer one.
func (v *views) enter(count *int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	*count++
	return nil
}

func (v *views) leave(count *int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*count--
	if v.closed {
		v.left.Broadcast()
	}
}

// close waits for all calls in flight. It reports false if it was called before.
func (v *views) close() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	v.closed = true
	v.left = sync.NewCond(&v.mu)
	for v.readers+v.writers > 0 {
		v.left.Wait()
	}
	return true
}

// unread calls fn if nobody reads, and keeps readers out meanwhile. It reports whether
// it did.
func (v *views) unread(fn func()) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.readers > 0 || v.closed {
		return false
	}
	fn()
	return true
}

// lost turns an error of badger's read into the store's failure.
func (s *Store) lost(err error) error {
	s.failure.set(fmt.Errorf("read: %w", err))
	return s.failure.get()
}

// record is what a key has: in memory, or in badger.
type record struct {
	s    *Store
	data []byte
	item *badger.Item // nil: data is it
}

// value calls fn with the value, which is valid during the call.
func (r record) value(fn func([]byte) error) error {
	if r.item == nil {
		return fn(r.data)
	}
	called := false
	err := r.item.Value(func(data []byte) error {
		called = true
		return fn(data)
	})
	if err != nil && !called {
		return r.s.lost(err)
	}
	return err
}

// size is that of the value, in badger a few bytes more or less.
func (r record) size() int {
	if r.item == nil {
		return len(r.data)
	}
	return int(r.item.ValueSize())
}

// find calls fn with what a key has, or returns [ErrNotFound]. An error of the
// database fails the store: what it cannot read, it has lost.
func (s *Store) find(key []byte, fn func(record) error) error {
	return s.findOne([][]byte{key}, func(_ []byte, r record) error { return fn(r) })
}

// findOne calls fn with the first of some keys that has something, or returns
// [ErrNotFound].
func (s *Store) findOne(keys [][]byte, fn func(key []byte, r record) error) error {
	if err := s.views.enter(&s.views.readers); err != nil {
		return err
	}
	defer s.views.leave(&s.views.readers)
	return s.lookUp(keys, fn)
}

// lookUp is findOne for a caller that is counted among those who use the database.
func (s *Store) lookUp(keys [][]byte, fn func(key []byte, r record) error) error {
	// Recent first: what is folded meanwhile is in badger before it is gone here.
	older := make([][]byte, 0, 2)
	for _, key := range keys {
		switch e, recent := s.recent.get(key); {
		case !recent:
			older = append(older, key)
		case !e.remove:
			return fn(key, record{data: e.value})
		}
	}
	if len(older) == 0 {
		return ErrNotFound
	}
	txn := s.db.NewTransactionAt(s.durable.Load(), false)
	defer txn.Discard()
	for _, key := range older {
		item, err := txn.Get(key)
		if err == nil {
			return fn(key, record{s: s, item: item})
		}
		if !errors.Is(err, badger.ErrKeyNotFound) {
			return s.lost(err)
		}
	}
	return ErrNotFound
}

// get returns a copy of one value, or [ErrNotFound].
func (s *Store) get(key []byte) (data []byte, err error) {
	err = s.find(key, func(r record) error {
		return r.value(func(value []byte) error {
			data = append([]byte{}, value...)
			return nil
		})
	})
	return data, err
}

// scan calls fn for the keys that begin with prefix, from start on, in order, as of
// one moment, until fn returns an error or errStop. Key and record are valid during
// the call.
func (s *Store) scan(prefix, start []byte, fn func(key []byte, r record) error) error {
	if err := s.views.enter(&s.views.readers); err != nil {
		return err
	}
	defer s.views.leave(&s.views.readers)
	var txn *badger.Txn
	recent := s.recent.from(prefix, start, func() { txn = s.db.NewTransactionAt(s.durable.Load(), false) })
	defer txn.Discard()
	o := badger.DefaultIteratorOptions
	o.PrefetchValues = false // values are read in place
	o.Prefix = prefix
	it := txn.NewIterator(o)
	defer it.Close()
	err := merge(it, start, recent, func(key []byte, r record) error {
		r.s = s
		return fn(key, r)
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// merge calls fn for the keys of badger and the recent ones, which win.
func merge(it *badger.Iterator, start []byte, recent []entry, fn func(key []byte, r record) error) error {
	it.Seek(start)
	for it.Valid() || len(recent) > 0 {
		order := -1
		switch {
		case len(recent) == 0:
			order = 1
		case it.Valid():
			order = bytes.Compare(recent[0].key, it.Item().Key())
		}
		var err error
		if order > 0 {
			err = fn(it.Item().Key(), record{item: it.Item()})
		} else if e := recent[0]; !e.remove {
			err = fn(e.key, record{data: e.value})
		}
		if err != nil {
			return err
		}
		if order >= 0 {
			it.Next()
		}
		if order <= 0 {
			recent = recent[1:]
		}
	}
	return nil
}

var errStop = errors.New("stop")

// last returns the highest key of a family that has one number and no removals.
func (s *Store) last(family byte) (n uint64, found bool, err error) {
	if err := s.views.enter(&s.views.readers); err != nil {
		return 0, false, err
	}
	defer s.views.leave(&s.views.readers)
	var txn *badger.Txn
	recent := s.recent.from([]byte{family}, nil, func() { txn = s.db.NewTransactionAt(s.durable.Load(), false) })
	defer txn.Discard()
	if len(recent) > 0 {
		return number(recent[len(recent)-1].key, 0), true, nil
	}
	o := badger.DefaultIteratorOptions
	o.PrefetchValues, o.Reverse, o.Prefix = false, true, []byte{family}
	it := txn.NewIterator(o)
	defer it.Close()
	if it.Seek(numberKey(family, ^uint64(0))); it.Valid() {
		n, found = number(it.Item().Key(), 0), true
	}
	return n, found, nil
}

// empty tells whether nobody has written anything.
func (s *Store) empty() (bool, error) {
	empty := true
	err := s.scan(nil, nil, func(key []byte, _ record) error {
		if key[0] == ownKey {
			return nil
		}
		empty = false
		return errStop
	})
	return empty, err
}
