package net

import (
	"fmt"
	"sync"
	"time"
)

// quiet keeps a log readable while somebody repeats himself: only so many lines
// of a kind are written in a spell of quietFor.
type quiet struct {
	mu   sync.Mutex
	said map[string]*spell
}

type spell struct {
	until   time.Time
	lines   int
	skipped int
}

const (
	quietFor = time.Minute
	// maxSpells bounds the kinds that are remembered, for the kind has the source
	// address in it; those beyond share one line.
	maxSpells = 1024
	// once and often are how many lines of a kind a spell has: a failure is said
	// once, a link may go and come back; one that goes on doing so has a line a
	// spell, with the number of changes that were left out.
	once  = 1
	often = 2
)

// linkKind is the kind of all lines about a link that comes and goes.
func linkKind(p *peer) string { return fmt.Sprintf("link %d", p.id) }

// say reports whether a line of that kind is due at now, and how many were
// left out in the spell before.
func (q *quiet) say(kind string, lines int, now time.Time) (due bool, skipped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.said == nil {
		q.said = make(map[string]*spell)
	}
	s, known := q.said[kind]
	if !known && len(q.said) >= maxSpells {
		q.forget(now)
		if len(q.said) >= maxSpells {
			kind, lines = "", once
			s, known = q.said[kind]
		}
	}
	if !known {
		s = &spell{until: now.Add(quietFor)}
		q.said[kind] = s
	}
	if !now.Before(s.until) {
		skipped = s.skipped
		*s = spell{until: now.Add(quietFor)}
		if skipped > 0 {
			s.lines = lines - once
		}
	}
	if s.lines == lines {
		s.skipped++
		return false, 0
	}
	s.lines++
	return true, skipped
}

func (q *quiet) forget(now time.Time) {
	for kind, s := range q.said {
		if !now.Before(s.until) {
			delete(q.said, kind)
		}
	}
}
