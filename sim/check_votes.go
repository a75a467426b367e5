package sim

import (
	"abad/aba"
	"abad/bft"
	"abad/ledger"
	"abad/rbc"
)

// maxRounds is how far an agreement may go: thirty common coins, each of which
// ends it with probability 1/2 or more, whatever the schedule.
const maxRounds = 120

// said looks at each message of a correct node when it leaves, and shows it to
// the faulty ones: the adversary sees everything.
func (w *world) said(n *node, msg *ledger.Msg) {
	m := &msg.ACS
	if msg.Cert.IsZero() {
		sl := w.facts.slot(msg.Epoch, m.Slot)
		if m.RBC.Kind != 0 {
			w.saidBroadcast(n, msg, sl)
		} else {
			w.saidAgreement(n, msg, sl)
		}
	}
	if w.tracer != nil {
		w.tracer.said(n, msg)
	}
	w.overheard(n.id, msg)
}

// saidBroadcast: correct nodes are ready for one header per slot, and if its
// proposer is correct then for one that it proposed.
func (w *world) saidBroadcast(n *node, msg *ledger.Msg, sl *slotFacts) {
	m := &msg.ACS
	switch m.RBC.Kind {
	case rbc.Val:
		h := bft.Sum(m.RBC.Payload)
		for _, before := range sl.proposed {
			if before != h {
				w.fail(Safety, "a node never contradicts itself", "node %d proposes two headers in epoch %d", n.id, msg.Epoch)
			}
		}
		sl.proposed = append(sl.proposed[:0], h)
		sl.named = h
	case rbc.Echo:
		sl.named = m.RBC.Hash
	case rbc.Ready:
		h := m.RBC.Hash
		if !sl.ready.IsZero() && sl.ready != h {
			w.fail(Safety, "agreement on headers", "node %d is ready for header %s of slot %d in epoch %d, another node for %s",
				n.id, h.Short(), m.Slot, msg.Epoch, sl.ready.Short())
		}
		sl.ready = h
		if w.nodes[m.Slot].correct() && (len(sl.proposed) == 0 || sl.proposed[0] != h) {
			w.fail(Safety, "validity of headers", "node %d is ready for header %s of correct node %d in epoch %d, who did not propose it",
				n.id, h.Short(), m.Slot, msg.Epoch)
		}
	}
}

// saidAgreement: one decision per slot, and one that a correct node has put in.
func (w *world) saidAgreement(n *node, msg *ledger.Msg, sl *slotFacts) {
	m := &msg.ACS.ABA
	if m.Round > sl.rounds {
		sl.rounds = m.Round
		w.stats.Rounds = max(w.stats.Rounds, int(m.Round))
		if m.Round > maxRounds {
			w.fail(Liveness, "agreements end", "slot %d of epoch %d is in round %d", msg.ACS.Slot, msg.Epoch, m.Round)
		}
	}
	switch m.Kind {
	case aba.Aux:
		w.heardAux(n, msg)
	case aba.Conf:
		w.saidConf(n, msg, sl)
	case aba.Share:
		w.saidShare(n, msg, sl)
	case aba.Decide:
		if sl.decided |= m.Values; sl.decided == aba.Both {
			w.fail(Safety, "agreement on slots", "slot %d of epoch %d is decided both ways, the second time by node %d", msg.ACS.Slot, msg.Epoch, n.id)
		}
		if !w.putIn(m.Values == aba.One, msg.Epoch, msg.ACS.Slot, sl) {
			w.fail(Safety, "validity of slots", "node %d decides %v for slot %d of epoch %d, which no correct node has put in",
				n.id, m.Values, msg.ACS.Slot, msg.Epoch)
		}
	}
}

// putIn reports whether some correct node has put v into a slot. To put in 1 is to
// be ready; who has put in 0, the machines know until their epoch is certified.
func (w *world) putIn(v bool, epoch uint64, slot bft.ID, sl *slotFacts) bool {
	if v {
		return !sl.ready.IsZero()
	}
	for _, n := range w.nodes {
		if !n.correct() {
			continue
		}
		if n.m == nil {
			return true // it may have, before it crashed
		}
		if slots := n.m.Slots(epoch); slots == nil && epoch <= n.m.Height() || slots != nil && slots[slot].Rejected {
			return true
		}
	}
	return false
}
