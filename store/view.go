package store

import (
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

// unread calls fn if nobody reads, and keeps readers out meanwhile.
func (v *views) unread(fn func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.readers == 0 && !v.closed {
		fn()
	}
}

// view runs fn on what is durable now. An error of the database fails the store:
// what it cannot read, it has lost.
func (s *Store) view(fn func(*badger.Txn) error) error {
	if err := s.views.enter(&s.views.readers); err != nil {
		return err
	}
	defer s.views.leave(&s.views.readers)
	txn := s.db.NewTransactionAt(s.durable.Load(), false)
	defer txn.Discard()
	return fn(txn)
}

// lost turns an error of badger's read into the store's failure.
func (s *Store) lost(err error) error {
	s.failure.set(fmt.Errorf("read: %w", err))
	return s.failure.get()
}

// get returns a copy of one value, or ErrNotFound.
func (s *Store) get(key []byte) (data []byte, err error) {
	err = s.view(func(txn *badger.Txn) error {
		item, err := txn.Get(key)
		if errors.Is(err, badger.ErrKeyNotFound) {
			return ErrNotFound
		}
		if err == nil {
			data, err = item.ValueCopy(nil)
		}
		if err != nil {
			return s.lost(err)
		}
		return nil
	})
	return data, err
}

// has tells whether a key exists, without reading its value.
func (s *Store) has(key []byte) (found bool, err error) {
	err = s.view(func(txn *badger.Txn) error {
		_, err := txn.Get(key)
		if err != nil && !errors.Is(err, badger.ErrKeyNotFound) {
			return s.lost(err)
		}
		found = err == nil
		return nil
	})
	return found, err
}

// scan calls fn for the keys that begin with prefix, from start on, in order,
// until fn returns an error or stop. Key and item are valid during the call.
func (s *Store) scan(prefix, start []byte, fn func(key []byte, item *badger.Item) error) error {
	err := s.view(func(txn *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.PrefetchValues = false // values are read in place
		o.Prefix = prefix
		it := txn.NewIterator(o)
		defer it.Close()
		for it.Seek(start); it.Valid(); it.Next() {
			if err := fn(it.Item().Key(), it.Item()); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

var errStop = errors.New("stop")

// value calls fn with an item's value, which is valid during the call.
func (s *Store) value(item *badger.Item, fn func([]byte) error) error {
	called := false
	err := item.Value(func(data []byte) error {
		called = true
		return fn(data)
	})
	if err != nil && !called {
		return s.lost(err)
	}
	return err
}

// last returns the highest key of a family that has one number.
func (s *Store) last(family byte) (n uint64, found bool, err error) {
	err = s.view(func(txn *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.PrefetchValues, o.Reverse, o.Prefix = false, true, []byte{family}
		it := txn.NewIterator(o)
		defer it.Close()
		if it.Seek(numberKey(family, ^uint64(0))); it.Valid() {
			n, found = number(it.Item().Key(), 0), true
		}
		return nil
	})
	return n, found, err
}

// empty tells whether the database has no key at all.
func (s *Store) empty() (bool, error) {
	empty := true
	err := s.scan(nil, nil, func([]byte, *badger.Item) error { empty = false; return errStop })
	return empty, err
}
