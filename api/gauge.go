package api

import "sync/atomic"

// gauge bounds how much of something is in use.
type gauge struct {
	used    atomic.Int64
	refused atomic.Int64 // times
	limit   int64
}

func newGauge(limit int64) *gauge { return &gauge{limit: limit} }

// take claims n and reports whether that much was free. It never waits: a client
// that is told to come later costs less than one that stands in a queue.
func (g *gauge) take(n int64) bool {
	if g.used.Add(n) <= g.limit {
		return true
	}
	g.used.Add(-n)
	g.refused.Add(1)
	return false
}

// give returns what was taken.
func (g *gauge) give(n int64) { g.used.Add(-n) }
