package sim

import (
	"slices"

	"abad/aba"
	"abad/bft"
	"abad/rbc"
)

// The schedulers.
const (
	randomOrder = "random"
	lockStep    = "lockstep"
	swarm       = "swarm"
	victim      = "victim"
	split       = "split"
	coinAware   = "coin-aware"
	slowest     = "slowest-f"
	partition   = "partition"

	fair = "fair" // of the liveness phase
)

// schedulers in the order of the help.
var schedulers = []struct{ name, says string }{
	{randomOrder, "every event at random"},
	{lockStep, "in order of arrival: all messages of one delay, then all that these have caused"},
	{swarm, "slow links and slow kinds of messages, drawn for the seed"},
	{victim, "one node hears and is heard last"},
	{split, "keeps f slots of every epoch undecided, as the proof of the FLP theorem does"},
	{coinAware, "like split, and steers by each coin from when it can be read"},
	{slowest, "f correct nodes are heard last"},
	{partition, "two sides, healed and drawn anew again and again"},
}

// Adversaries names the schedulers.
func Adversaries() []string {
	names := make([]string, len(schedulers))
	for i, s := range schedulers {
		names[i] = s.name
	}
	return names
}

// scheduler assigns events to the pool's lanes.
type scheduler struct {
	w      *world
	name   string
	fifo   bool
	hints  uint8 // the lane of hurry, rest, sync, certifier and pull
	asking uint8 // the lane of catch-up

	slow  []bool // swarm: by link; partition: by node, its side; victim, slowest: by node
	kinds [lastClass + 1]bool
	next  int // partition: the step of the next change
}

func newScheduler(w *world, name string) *scheduler {
	d := w.dice
	s := &scheduler{w: w, name: name, hints: uint8(d.below(2)), asking: lanes - 1}
	if w.plan.follow > 0 && d.oneIn(w.plan.follow) {
		s.asking = s.hints
	}
	switch name {
	case lockStep:
		s.fifo, s.hints = true, 0
	case fair:
		s.hints, s.asking = 0, 0
	case swarm:
		s.slow = draws(d, w.n*w.n, 3)
		for class := range s.kinds {
			s.kinds[class] = d.oneIn(5)
		}
	case victim:
		s.slow = make([]bool, w.n)
		s.slow[d.below(w.n)] = true
	case slowest:
		s.slow = make([]bool, w.n)
		left := w.plan.quorum.Faulty()
		for i := range s.slow {
			id := (i + int(w.plan.steps)) % w.n
			if left > 0 && !w.plan.faulty(bft.ID(id)) {
				s.slow[id] = true
				left--
			}
		}
	case partition:
		s.slow = draws(d, w.n, 2)
		s.next = d.below(epochEvents(w.n))
	}
	return s
}

func draws(d *dice, count, oneIn int) []bool {
	list := make([]bool, count)
	for i := range list {
		list[i] = d.oneIn(oneIn)
	}
	return list
}

// lane says how late an event shall be.
func (s *scheduler) lane(e *event) uint8 {
	switch {
	case e.kind == evFollow:
		return s.asking
	case e.from == e.to:
		return s.hints
	}
	switch s.name {
	case swarm:
		return late(s.slow[int(e.from)*s.w.n+int(e.to)]) + late(s.kinds[s.w.class(e)])
	case victim:
		return 2 * late(s.slow[e.from] || s.slow[e.to])
	case slowest:
		return late(s.slow[e.from])
	case partition:
		return 2 * late(s.slow[e.from] != s.slow[e.to])
	case split, coinAware:
		return s.splitting(e)
	}
	return 0
}

func late(yes bool) uint8 {
	if yes {
		return 1
	}
	return 0
}

// turn changes the schedule where its time has come.
func (s *scheduler) turn() {
	if s.name != partition || s.w.step < s.next {
		return
	}
	d := s.w.dice
	s.next = s.w.step + 1 + d.below(2*epochEvents(s.w.n))
	if slices.Contains(s.slow, true) && d.flip() {
		clear(s.slow)
	} else {
		s.slow = draws(d, s.w.n, 2)
	}
	s.w.pool.sort(s.lane)
}

// coinRead lets a scheduler act on a coin that can be computed from now on.
func (s *scheduler) coinRead(uint64, bft.ID, uint32) {
	if s.name == coinAware {
		s.w.pool.sort(s.lane)
	}
}

// Classes of events, for the swarm: the kinds of the protocol's messages and some
// of the links' own.
const (
	classAgreement = int(rbc.Found)
	classCert      = classAgreement + int(aba.Decide) + 1
	classPosition  = classCert + 1
	classPush      = classCert + 2
	lastClass      = classPush
)

func (w *world) class(e *event) int {
	switch e.kind {
	case evMessage:
		msg := w.msgs.at(e.ref)
		if !msg.Cert.IsZero() {
			return classCert
		}
		if k := msg.ACS.RBC.Kind; k != 0 {
			return min(int(k), int(rbc.Found))
		}
		return classAgreement + min(int(msg.ACS.ABA.Kind), int(aba.Decide))
	case evPosition:
		return classPosition
	}
	return classPush
}
