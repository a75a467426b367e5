package node

import "time"

const (
	// minRest and restParts are how far apart epochs are opened on a slow network:
	// an eighth of the time that one takes, so that eight are under way and four of
	// [ledger.DefaultEpochs] are left until the peers know of our last block, but not
	// closer than minRest, for the processors' sake.
	minRest   = 20 * time.Millisecond
	restParts = 8
)

// pace says how soon after an epoch the next one may be opened. An epoch costs
// about the same whatever is in it, so those that follow each other without need
// only keep the processors from the others. On a fast network it is one after the
// other, each with all that has come meanwhile; where an epoch takes longer than
// minRest, it is several at a time.
type pace struct {
	took time.Duration // by an epoch, from its opening to its block, smoothed
	next time.Time     // when the ledger is told that it has rested; zero: it knows
}

func (p *pace) observe(took time.Duration) {
	if p.took == 0 {
		p.took = took
	}
	p.took += (took - p.took) / 8
}

// rest is how long to wait: minRest until an epoch has told how long one takes.
func (p *pace) rest() time.Duration {
	if p.took == 0 {
		return minRest
	}
	return min(p.took*3/2, max(minRest, p.took/restParts))
}

// opened begins a rest, which is so much longer than usual, and says how long it
// usually is.
func (p *pace) opened(now time.Time, longer time.Duration) time.Duration {
	p.next = now.Add(p.rest() + longer)
	return p.rest()
}

// over reports, once, that the rest is over.
func (p *pace) over(now time.Time) bool {
	if p.next.IsZero() || now.Before(p.next) {
		return false
	}
	p.next = time.Time{}
	return true
}
