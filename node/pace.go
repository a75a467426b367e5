package node

import (
	"slices"
	"time"

	"abad/bft"
)

const (
	// minRest and restParts are how far apart epochs are opened on a slow network:
	// an eighth of the time that one takes, so that eight are under way and four of
	// [ledger.DefaultEpochs] are left until the peers know of our last block, but not
	// closer than minRest, for the processors' sake.
	minRest   = 20 * time.Millisecond
	restParts = 8
	// maxBusyRest is how far apart at most epochs are opened because the processors are
	// slow. Longer ones bring hardly anything.
	maxBusyRest = 80 * time.Millisecond
	// epochTrips is how many round trips an epoch takes: four delays.
	epochTrips = 2
)

// pace says how soon after an epoch the next one may be opened. An epoch costs
// about the same whatever is in it, so those that follow each other without need
// only keep the processors from the others. On a fast network it is one after the
// other, each with all that has come meanwhile; where an epoch takes longer than
// minRest, it is several at a time. Where it takes longer because of the processors,
// it is one after the other again: with all that they do, the fewer epochs the better.
type pace struct {
	took time.Duration // by an epoch, from its opening to its block, smoothed
	busy time.Duration // of this what the network does not explain
	next time.Time     // when the ledger is told that it has rested; zero: it knows
}

// observe notes how long an epoch took, and a round trip on this network.
func (p *pace) observe(took, trip time.Duration) {
	busy := max(0, took-epochTrips*trip)
	if p.took == 0 {
		p.took, p.busy = took, busy
	}
	p.took += (took - p.took) / 8
	p.busy += (busy - p.busy) / 8
}

// rest is how long to wait: minRest until an epoch has told how long one takes.
func (p *pace) rest() time.Duration {
	if p.took == 0 {
		return minRest
	}
	busy := min(2*(p.busy-minRest), maxBusyRest)
	return min(p.took*3/2, max(minRest, p.took/restParts, busy))
}

// quorumTrip is the round trip within which enough peers answer to go on, of the round
// trips to the peers that are there; 0: not enough are. f liars cannot make it longer
// than that to some correct peer.
func quorumTrip(q bft.Quorum, trips []time.Duration) time.Duration {
	others := q.Wait() - 1
	if others == 0 || others > len(trips) {
		return 0
	}
	slices.Sort(trips)
	return trips[others-1]
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
