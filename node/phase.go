package node

import (
	"slices"
	"time"

	"abad/bft"
)

const (
	// phaseGain is the part of the distance to the others that the next rest makes up
	// for. What is known of them is a delay old, several epochs perhaps; with more, the
	// nodes would swing around each other.
	phaseGain = 3
	// phaseEpochs is of how many of our openings the time is known: more than a peer's
	// can be behind and be of use.
	phaseEpochs = 32
)

// phase keeps the openings of the nodes together. A block waits for the last one's
// header, so a value of a node that opens early waits for nothing but that; and what
// comes together is answered together. Each node moves towards the midpoint of the
// others without the f first and the f last (Welch and Lynch, A New Fault-Tolerant
// Algorithm for Clock Synchronization, 1988), which f liars cannot put outside of the
// correct ones. Only how quick an epoch is depends on it.
type phase struct {
	own   [phaseEpochs]opening // at the epoch modulo phaseEpochs
	peers []opening            // each one's latest, by our clock
}

// opening is when an epoch was opened.
type opening struct {
	epoch uint64
	at    time.Time
}

// heard notes that a peer has opened an epoch.
func (p *phase) heard(peer bft.ID, epoch uint64, at time.Time) {
	if epoch > p.peers[peer].epoch {
		p.peers[peer] = opening{epoch, at}
	}
}

// opened notes that this node has opened an epoch, and says how much longer than the
// usual rest it should wait with the next one. That may be negative.
func (p *phase) opened(q bft.Quorum, epoch uint64, now time.Time, rest time.Duration) time.Duration {
	p.own[epoch%phaseEpochs] = opening{epoch, now}
	late := make([]time.Duration, len(p.peers)) // ourselves, and who was not heard: not at all
	for i, peer := range p.peers {
		switch own := p.own[peer.epoch%phaseEpochs]; {
		case peer.epoch > epoch:
			late[i] = peer.at.Sub(now) - rest*time.Duration(min(peer.epoch-epoch, phaseEpochs))
		case own.epoch == peer.epoch && peer.epoch > 0:
			late[i] = peer.at.Sub(own.at)
		}
	}
	slices.Sort(late)
	late = late[q.Faulty() : len(late)-q.Faulty()]
	middle := (late[0] + late[len(late)-1]) / 2
	return min(max(middle/phaseGain, -rest/phaseGain), rest/phaseGain)
}
