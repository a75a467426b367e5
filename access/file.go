package access

import (
	"os"
	"slices"
	"sync"
	"time"
)

// File is something that was read from files, and is read again when one of them
// has changed. It is safe for use by many goroutines.
type File[T any] struct {
	paths []string
	read  func() (T, error)
	every time.Duration
	note  func(error)

	mu     sync.Mutex
	value  T
	seen   []os.FileInfo // nil: was not there
	looked time.Time
}

// lookAgain is how old what a File says may be: soon enough for a person who has
// just revoked a token, and no work beside a request's.
const lookAgain = time.Second

// Open reads for the first time; read's error is then Open's. Later, when a file
// has changed, note gets the error, or nil for a success, and the value stays what
// it was after an error.
func Open[T any](read func() (T, error), note func(error), paths ...string) (*File[T], error) {
	f := &File[T]{paths: paths, read: read, note: note, every: lookAgain, looked: time.Now()}
	f.seen = f.look() // before reading: what changes in between is seen as a change
	var err error
	f.value, err = read()
	return f, err
}

// Get gives the newest value.
func (f *File[T]) Get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.looked) < f.every {
		return f.value
	}
	f.looked = time.Now()
	if now := f.look(); !slices.EqualFunc(now, f.seen, same) {
		f.seen = now // also if it cannot be read, which is told once
		value, err := f.read()
		if err == nil {
			f.value = value
		}
		f.note(err)
	}
	return f.value
}

func (f *File[T]) look() []os.FileInfo {
	infos := make([]os.FileInfo, len(f.paths))
	for i, path := range f.paths {
		if info, err := os.Stat(path); err == nil {
			infos[i] = info
		}
	}
	return infos
}

// same reports whether a file is as it was.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
}
