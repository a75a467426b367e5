package store

import (
	"fmt"
	"strings"
)

// SetMeta stores a small named record of the caller's.
func (s *Store) SetMeta(name string, data []byte) error {
	if name == "" || len(name) > 255 || strings.Contains(name, "\x00") {
		return fmt.Errorf("set meta %q: a name has 1 to 255 bytes, none of them zero", name)
	}
	var w write
	w.set(namedKey(name), data)
	if err := s.write(&w); err != nil {
		return fmt.Errorf("set meta %q: %w", name, err)
	}
	return nil
}

// Meta returns what SetMeta stored, or [ErrNotFound].
func (s *Store) Meta(name string) ([]byte, error) {
	data, err := s.get(namedKey(name))
	if err != nil {
		return nil, fmt.Errorf("meta %q: %w", name, err)
	}
	return data, nil
}

// Metas calls fn for the records whose names begin with prefix, in the order of
// the names, until it returns an error, which Metas returns. Data is valid during
// the call.
func (s *Store) Metas(prefix string, fn func(name string, data []byte) error) error {
	key := namedKey(prefix)
	return s.scan(key, key, func(key []byte, r record) error {
		if key[1] == 0 {
			return nil // one of our own
		}
		return r.value(func(data []byte) error { return fn(string(key[1:]), data) })
	})
}

// DropMeta forgets a named record.
func (s *Store) DropMeta(name string) error {
	var w write
	w.remove(namedKey(name))
	if err := s.write(&w); err != nil {
		return fmt.Errorf("drop meta %q: %w", name, err)
	}
	return nil
}
