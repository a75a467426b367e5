package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/dgraph-io/badger/v4"

	"abad/bft"
	"abad/codec"
)

// format is the version of everything under keys.go. Format 1 had no redo log, and that
// of format 2 had one part. In format 3 large batches were in badger, and those are read
// where they are. Format 4 had a checksum of each in its record.
const format = 5

// Store is an open directory. Its methods may be called concurrently.
type Store struct {
	dir     string
	options Options
	db      *badger.DB
	views   views
	queue   queue
	failure failure

	files   *files
	redo    *redo
	recent  recent
	folding chan error    // gives the end of a fold that goes on beside the writes; nil: none does
	writes  atomic.Uint64 // on disk since the store was made
	durable atomic.Uint64 // timestamp of badger's last transaction on disk: what reads see
	written atomic.Int64  // bytes for the value log since upkeep last looked
	taken   atomic.Uint64 // bytes of batches that blocks have taken since Open
	upkeep  chan struct{} // a token when there is something for upkeep

	held      held
	journal   journal
	blocks    sync.Mutex // one PutBlock at a time
	early     early
	height    atomic.Uint64
	certified atomic.Uint64
}

// Open opens the store in dir, which is made if it does not exist.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, options: o.withDefaults(), upkeep: make(chan struct{}, 1)}
	s.failure.broken = make(chan struct{})
	s.queue.ended.L = &s.queue.mu
	tuned := badgerOptions(dir, ears{s.options.Log, s.failure.set})
	tuned.SyncWrites = !s.options.Unsynced
	if o.tune != nil {
		o.tune(&tuned)
	}
	before, err := inspect(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", dir, err)
	}
	db, err := openBadger(tuned)
	if err != nil {
		// Badger hides the cause of this one; a test keeps us honest about its words.
		if strings.Contains(err.Error(), "Cannot acquire directory lock") {
			return nil, fmt.Errorf("open %q: %w by another process", dir, ErrLocked)
		}
		var refused syscall.Errno // by the system, and not for a file that is missing
		if errors.As(err, &refused) && refused != syscall.ENOENT || errors.Is(err, ErrDamaged) {
			return nil, fmt.Errorf("open store %q: %w", dir, err)
		}
		return nil, fmt.Errorf("open store %q: %w: %w; %s", dir, ErrDamaged, err, advice)
	}
	s.db = db
	s.durable.Store(db.MaxVersion())
	if err := s.load(before); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %q: %w", dir, err), s.shut(before.Version))
	}
	return s, nil
}

// openBadger opens the database. Of some damage badger makes a panic.
func openBadger(o badger.Options) (db *badger.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, damaged("badger's files", "%v", r)
		}
	}()
	return badger.OpenManaged(o)
}

// load checks whose database this is and reads what the store keeps in memory.
func (s *Store) load(before mark) error {
	if err := s.failure.get(); err != nil {
		return err // a damaged table that badger would rather do without
	}
	if err := s.markOpen(before); err != nil {
		return err
	}
	for _, step := range []func() error{s.loadRedo, s.loadFiles, s.bind, s.loadPending, s.loadJournal, s.loadHeights, s.loadEarly} {
		if err := step(); err != nil {
			return err
		}
	}
	s.db.SetDiscardTs(s.durable.Load()) // nobody reads yet, so nobody misses an old version
	return nil
}

// loadRedo opens the redo log, and makes one for a store without.
func (s *Store) loadRedo() error {
	s.recent.latest = layer{}
	var folded uint64
	data, err := s.get(foldedKey)
	without := errors.Is(err, ErrNotFound)
	switch {
	case without:
		_, err := os.Stat(filepath.Join(s.dir, redoFile))
		if errors.Is(err, fs.ErrNotExist) {
			err = createRedo(s.dir)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", redoFile, err)
		}
	case err != nil:
		return err
	case len(data) != 8:
		return fmt.Errorf("the number of the last write has %d bytes", len(data))
	default:
		folded = binary.BigEndian.Uint64(data)
	}
	redo, records, err := openRedo(s.dir, folded, !s.options.Unsynced)
	if err != nil {
		return err
	}
	s.redo = redo
	s.writes.Store(folded)
	if without && len(records) > 0 {
		return damaged("badger's files", "they know of no write, and %s of %d", redoFile, records[len(records)-1].number)
	}
	for _, r := range records {
		var w write
		for _, e := range r.entries {
			w.put(e)
		}
		if r.turned { // the half that is not written to has nothing that badger does not have
			older, taken := s.recent.age()
			if err := s.transact(older, nil, taken, s.writes.Load()); err != nil {
				return err
			}
		}
		s.recent.add(r.entries, w.size())
		s.writes.Store(r.number)
	}
	if without || redo.undivided {
		return s.fold(nil, size{}) // from now on the log has to be there, in halves
	}
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
		if err := codec.Unmarshal(data, &r); err != nil || r.Format < 1 || r.Format > format {
			return fmt.Errorf("%w: not format %d", ErrVersion, format)
		}
	}
	mine := s.options.Identity
	if len(r.Identity) > 0 && len(mine) > 0 && string(r.Identity) != string(mine) {
		return fmt.Errorf("%w: it is bound to %x, not to %x", ErrIdentity, bft.Sum(r.Identity).Short(), bft.Sum(mine).Short())
	}
	if len(r.Identity) > 0 {
		mine = r.Identity
	}
	if r.Format == format && len(mine) == len(r.Identity) {
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
	err := s.settle()
	if err == nil && s.failure.get() == nil && s.recent.count > 0 {
		err = s.fold(nil, size{})
	}
	if err != nil {
		s.failure.set(err) // the redo log has it
	}
	if err := errors.Join(s.files.close(), s.shut(s.durable.Load())); err != nil {
		return fmt.Errorf("close store %q: %w", s.dir, err)
	}
	return nil
}

// shut notes, before badger removes its logs, that they may be missing, and closes
// the database.
func (s *Store) shut(version uint64) error {
	if s.redo != nil {
		defer s.redo.file.Close()
	}
	if s.early.file != nil {
		defer s.early.file.Close()
	}
	if err := (mark{Version: version}).write(s.dir); err != nil {
		// Badger must keep its logs then: without the mark their end would look like
		// damage. So nobody closes it, and what it has is as after a crash.
		return fmt.Errorf("%s: %w", markFile, err)
	}
	return s.db.Close()
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
