package sim

import (
	"abad/aba"
	"abad/bft"
	"abad/rbc"
)

// The split scheduler works on f slots of every epoch and lets the others pass. It
// keeps a slot undecided the way the proof of Fischer, Lynch and Paterson does,
// with a role for each correct node by its rank. Let c be the round's coin and the
// target its opposite; the first n-f less the faulty ones see the target enter bin
// first, so that with the faulty nodes' votes there are n-f AUX for it.
//
//	first node   sees n-f AUX for the target alone, and takes it along
//	the others   see AUX of both values, and take c along
//
// so both values live on. In a random round one half of the nodes confirms the
// target alone, and the first of them sees n-f such CONF. As the coin is not known
// by then, the round ends in agreement with probability 1/2, whatever comes: if
// not, the simulator has found that the coin leaks.
//
// For the slot to come to a vote at all, most nodes get no echoes before they have
// rejected it, and the last one gets all of them.

// working reports whether the schedule is one that works on slots.
func (w *world) working() bool { return w.sched.name == split || w.sched.name == coinAware }

// worked reports whether the split works on a slot.
func (w *world) worked(epoch uint64, slot bft.ID) bool {
	return (uint64(slot)+epoch)%uint64(w.n) < uint64(max(1, w.plan.quorum.Faulty()))
}

// rank orders the correct nodes for their roles, anew in each epoch if the plan
// says so.
func (w *world) rank(id bft.ID, epoch uint64) int {
	first := 0
	if w.plan.turning {
		first = int(epoch) % w.n
	}
	rank := 0
	for i := range w.n {
		at := bft.ID((first + i) % w.n)
		if at == id {
			break
		}
		if !w.plan.faulty(at) {
			rank++
		}
	}
	return rank
}

// coin is what a slot's round will end with, as far as the adversary knows: a coin
// that is not out yet it guesses.
func (w *world) coin(epoch uint64, slot bft.ID, round uint32) aba.Set {
	switch round % 4 {
	case 0, 1:
		return aba.One
	case 2:
		return aba.Zero
	}
	if w.plan.coin == NoCoin {
		return aba.Zero
	}
	if t := w.facts.slot(epoch, slot).toss(round); t.known && w.sched.name == coinAware {
		return t.coin
	}
	return aba.Of(mix(mix(epoch)^uint64(slot)<<32^uint64(round))&1 == 1)
}

// story is what a node should see first of a kind of vote: also what the faulty
// nodes tell it.
func (w *world) story(to bft.ID, epoch uint64, slot bft.ID, round uint32, kind aba.Kind) aba.Set {
	if !w.working() || round > maxRounds {
		return aba.Of(w.face(to, epoch, slot))
	}
	c, rank := w.coin(epoch, slot, round), w.rank(to, epoch)
	target := aba.Both &^ c
	most := w.plan.quorum.Wait() - w.plan.liarCount
	pure := 1
	switch kind {
	case aba.BVal:
		pure = most
	case aba.Aux:
		if aba.Random(round) {
			pure = most
		}
	case aba.Conf:
		if rank >= pure {
			return aba.Both
		}
	}
	if rank < pure {
		return target
	}
	return c
}

// splitting gives a message its lane.
func (s *scheduler) splitting(e *event) uint8 {
	w := s.w
	if e.kind != evMessage {
		return 0
	}
	msg := w.msgs.at(e.ref)
	m, to := &msg.ACS, bft.ID(e.to)
	if !msg.Cert.IsZero() || !w.plan.quorum.Valid(m.Slot) || msg.Epoch > w.client.tallest+farAhead || !w.worked(msg.Epoch, m.Slot) {
		return 0
	}
	switch {
	case m.RBC.Kind == rbc.Echo:
		return 2 * late(!w.last(to, msg.Epoch))
	case m.RBC.Kind == rbc.Ready:
		return late(w.story(to, msg.Epoch, m.Slot, 0, aba.BVal) != aba.One)
	case m.RBC.Kind != 0 || m.ABA.Kind == aba.Share:
		return 0
	case m.ABA.Kind == aba.Decide:
		return 2
	}
	want := w.story(to, msg.Epoch, m.Slot, m.ABA.Round, m.ABA.Kind)
	if m.ABA.Values == want {
		return 0
	}
	if m.ABA.Kind != aba.BVal && w.rank(to, msg.Epoch) == 0 {
		return 2
	}
	return 1
}

// last reports whether a node has the last role.
func (w *world) last(id bft.ID, epoch uint64) bool {
	return w.rank(id, epoch) == w.n-w.plan.liarCount-1
}

// face is the value that another adversary would have a node see in a slot.
func (w *world) face(to bft.ID, epoch uint64, slot bft.ID) bool {
	if w.plan.turning && mix(epoch*1024+uint64(slot))&1 == 1 {
		return !w.plan.faces[to]
	}
	return w.plan.faces[to]
}
