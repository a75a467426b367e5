package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"abad/bft"
	"abad/codec"
)

// format is the version of everything under keys.go.
const format = 1

// Store is an open directory. Its methods may be called concurrently.
type Store struct {
	dir     string
	options Options
	db      *badger.DB
	views   views
	queue   queue
	failure failure

	durable atomic.Uint64 // timestamp of the last transaction on disk: what reads see
	written atomic.Int64  // bytes for the value log since upkeep last looked
	upkeep  chan struct{} // a token when there is something for upkeep

	held      held
	journal   journal
	blocks    sync.Mutex // one PutBlock at a time
	height    atomic.Uint64
	certified atomic.Uint64
}

// Open opens the store in dir, which is made if it does not exist.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, options: o.withDefaults(), upkeep: make(chan struct{}, 1)}
	s.failure.broken = make(chan struct{})
	tuned := badgerOptions(dir, ears{s.options.Log, s.failure.set})
	if o.tune != nil {
		o.tune(&tuned)
	}
	db, err := badger.OpenManaged(tuned)
	if err != nil {
		// Badger hides the cause of this one; a test keeps us honest about its words.
		if strings.Contains(err.Error(), "Cannot acquire directory lock") {
			return nil, fmt.Errorf("open %q: %w by another process", dir, ErrLocked)
		}
		return nil, fmt.Errorf("open store %q: %w", dir, err)
	}
	s.db = db
	s.durable.Store(db.MaxVersion())
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %q: %w", dir, err), db.Close())
	}
	return s, nil
}

// load checks whose database this is and reads what the store keeps in memory.
func (s *Store) load() error {
	if err := s.failure.get(); err != nil {
		return err // a damaged table that badger would rather do without
	}
	for _, step := range []func() error{s.bind, s.loadPending, s.loadJournal, s.loadHeights} {
		if err := step(); err != nil {
			return err
		}
	}
	s.db.SetDiscardTs(s.durable.Load()) // nobody reads yet, so nobody misses an old version
	return nil
}

// formatRecord is the first thing that a new database gets.
type formatRecord struct {
	Format   uint64 `cbor:"0,keyasint"`
	Identity []byte `cbor:"1,keyasint,omitempty"`
}

func (s *Store) bind() error {
	var r formatRecord
	data, err := s.get(namedKey(formatName))
	switch {
	case errors.Is(err, ErrNotFound):
		empty, err := s.empty()
		if err != nil {
			return err
		}
		if !empty {
			return fmt.Errorf("%w: it has data but says no format", ErrVersion)
		}
	case err != nil:
		return err
	default:
		// Formats to come may have more fields: look at the number first.
		if err := codec.Unmarshal(data, &r); err != nil || r.Format != format {
			return fmt.Errorf("%w: not format %d", ErrVersion, format)
		}
	}
	mine := s.options.Identity
	if len(r.Identity) > 0 && len(mine) > 0 && string(r.Identity) != string(mine) {
		return fmt.Errorf("%w: it is bound to %x, not to %x", ErrIdentity, bft.Sum(r.Identity).Short(), bft.Sum(mine).Short())
	}
	if data != nil && (len(mine) == 0 || len(r.Identity) > 0) {
		return nil
	}
	w := write{}
	w.set(namedKey(formatName), codec.Marshal(formatRecord{Format: format, Identity: mine}))
	return s.write(&w)
}

// Close waits for calls in flight and closes the database. Later calls return
// [ErrClosed].
func (s *Store) Close() error {
	if !s.views.close() {
		return nil
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store %q: %w", s.dir, err)
	}
	return nil
}

// Failed is closed when the store fails; Err then says why.
func (s *Store) Failed() <-chan struct{} { return s.failure.broken }

// Err is nil, or the [ErrFailed] that every write returns from now on.
func (s *Store) Err() error { return s.failure.get() }

// failure remembers the first error of the disk.
type failure struct {
	once   sync.Once
	err    error
	broken chan struct{}
}

func (f *failure) set(cause error) {
	f.once.Do(func() {
		f.err = fmt.Errorf("%w: %w", ErrFailed, cause)
		close(f.broken)
	})
}

func (f *failure) get() error {
	select {
	case <-f.broken:
		return f.err
	default:
		return nil
	}
}
