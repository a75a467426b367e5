package store

import (
	"bytes"
	"slices"
	"sync"
)

// recent is what the redo log has and badger has not: reads look here first.
type recent struct {
	mu     sync.RWMutex
	latest layer
	older  layer // what is being folded, and older than latest; nil: nothing is
	size         // of all entries that went into latest, those overwritten too
}

// layer has entries by the first byte of the key, and the key.
type layer map[byte]map[string]entry

// size is what entries take in a transaction.
type size struct {
	count   int
	inline  int // bytes for the tree
	payload int // bytes for the value log
	files   int // bytes of files
}

func (s size) plus(o size) size {
	return size{s.count + o.count, s.inline + o.inline, s.payload + o.payload, s.files + o.files}
}

// bytes is what is in values of some size.
func (s size) bytes() int { return s.payload + s.files }

// fits reports whether so much can go into one transaction.
func (s size) fits() bool { return s.count <= maxEntries && s.inline <= maxInline }

// add takes entries in, whose slices must not change any more.
func (r *recent) add(entries []entry, taken size) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range entries {
		family := r.latest[e.key[0]]
		if family == nil {
			family = map[string]entry{}
			r.latest[e.key[0]] = family
		}
		family[string(e.key)] = e
	}
	r.size = r.size.plus(taken)
}

// age makes the latest layer the older one, which does not change any more.
func (r *recent) age() (older layer, taken size) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.older, r.latest = r.latest, layer{}
	taken, r.size = r.size, size{}
	return r.older, taken
}

// forget drops the older layer, in one step with what makes it visible elsewhere.
func (r *recent) forget(visible func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	visible()
	r.older = nil
}

// get gives the entry of a key.
func (r *recent) get(key []byte) (e entry, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if e, ok = r.latest[key[0]][string(key)]; !ok {
		e, ok = r.older[key[0]][string(key)]
	}
	return e, ok
}

// from gives the entries whose keys begin with prefix, from start on, in order. An
// empty prefix means all of them. It calls beside with writes kept out.
func (r *recent) from(prefix, start []byte, beside func()) (list []entry) {
	r.mu.RLock()
	for i, l := range []layer{r.latest, r.older} {
		for family, entries := range l {
			if len(prefix) > 0 && family != prefix[0] {
				continue
			}
			for key, e := range entries {
				if !bytes.HasPrefix(e.key, prefix) || bytes.Compare(e.key, start) < 0 {
					continue
				}
				if _, newer := r.latest[family][key]; i == 0 || !newer {
					list = append(list, e)
				}
			}
		}
	}
	beside()
	r.mu.RUnlock()
	slices.SortFunc(list, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	return list
}
