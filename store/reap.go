package store

import (
	"os"
	"slices"
)

// drop notes that batches have lost their records.
func (f *files) drop(gone []place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range gone {
		f.live[p.file]--
	}
	f.dropped = append(f.dropped, gone...)
}

// reapTries is how often the upkeep waits for a moment without readers. On a busy node
// there are some most of the time, but hardly one for long.
const reapTries = 100

// reap gives back the room of dropped batches, in moments in which nobody reads: who does
// may have found the record before.
func (s *Store) reap() (err error) {
	f := s.files
	tries := 0
	for more := true; more && err == nil; {
		if s.views.unread(func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			more, err = f.reapOne()
		}) {
			tries = 0
			continue
		}
		if tries++; tries == reapTries {
			break
		}
		f.pause()
	}
	return err
}

// reapOne gives back the room of one batch, or of a file without any, and reports
// whether there may be more to do.
func (f *files) reapOne() (more bool, err error) {
	for number, batches := range f.live {
		if batches > 0 || number == f.writing {
			continue
		}
		if err := os.Remove(f.path(number)); err != nil {
			return false, err
		}
		delete(f.live, number)
		f.dropped = slices.DeleteFunc(f.dropped, func(p place) bool { return p.file == number })
		return true, nil
	}
	if len(f.dropped) == 0 {
		return false, nil
	}
	p := f.dropped[0]
	if err := punch(f.path(p.file), p.at, int64(p.size)); err != nil {
		return false, err
	}
	f.dropped = f.dropped[1:]
	return true, nil
}
