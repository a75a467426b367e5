package sim

import (
	"abad/aba"
	"abad/acs"
	"abad/bft"
	"abad/coin"
	"abad/ledger"
	"abad/rbc"
)

// vote says what a faulty node says of a slot's agreement.
func (l *liar) vote(to bft.ID, epoch uint64, slot bft.ID, m aba.Msg) {
	if m.Kind == aba.BVal && m.Round == 0 && m.Values == aba.One {
		l.ready(to, epoch, slot, m.First)
		return
	}
	l.say(to, ledger.Msg{Epoch: epoch, ACS: acs.Msg{Slot: slot, ABA: m}})
}

// ready says BVAL(0,1) the way it is said, with READY for the header that the
// slot's correct nodes name, if there is one.
func (l *liar) ready(to bft.ID, epoch uint64, slot bft.ID, first bool) {
	if h := l.n.w.facts.slot(epoch, slot).named; !h.IsZero() {
		l.say(to, ledger.Msg{Epoch: epoch, ACS: acs.Msg{Slot: slot, RBC: rbc.Msg{Kind: rbc.Ready, Hash: h}, First: first}})
	}
}

func (l *liar) share(epoch uint64, slot bft.ID, round uint32) aba.Msg {
	name := coin.EpochMessage(l.n.w.cluster, 1, epoch, slot, round)
	return aba.Msg{Kind: aba.Share, Round: round, Share: l.n.w.signers[l.n.id].Sign(name)}
}

// about gives the round that a message is about; ok is false for those that are
// about none.
func about(msg *ledger.Msg) (round uint32, ok bool) {
	return msg.ACS.ABA.Round, msg.Cert.IsZero() && msg.ACS.ABA.Kind != aba.Decide
}

func beginFaces(l *liar) { l.both, l.early = l.n.w.dice.flip(), l.n.w.dice.flip() }

// noVotes drops the driver's own votes: the story must be one.
func noVotes(_ *liar, _ bft.ID, msg *ledger.Msg) bool {
	return !msg.Cert.IsZero() || msg.ACS.ABA.Kind == 0 && msg.ACS.RBC.Kind != rbc.Ready
}

// faceVotes tells every node the whole story of a round as soon as somebody is in
// it: the votes that fit what the adversary would have that node see.
func faceVotes(l *liar, _ bft.ID, msg *ledger.Msg) {
	round, ok := about(msg)
	if !ok || !l.first(msg.Epoch, msg.ACS.Slot, round) {
		return
	}
	e, slot, w := msg.Epoch, msg.ACS.Slot, l.n.w
	for to := range w.plan.quorum.IDs() {
		v := w.story(to, e, slot, round, aba.BVal)
		l.vote(to, e, slot, aba.Msg{Kind: aba.BVal, Round: round, Values: v, First: round == 0})
		if l.both {
			l.vote(to, e, slot, aba.Msg{Kind: aba.BVal, Round: round, Values: aba.Both &^ v})
		}
		l.vote(to, e, slot, aba.Msg{Kind: aba.Aux, Round: round, Values: w.story(to, e, slot, round, aba.Aux)})
		if aba.Random(round) {
			set := w.story(to, e, slot, round, aba.Conf)
			if l.both && w.dice.oneIn(4) {
				set = aba.Both
			}
			l.vote(to, e, slot, aba.Msg{Kind: aba.Conf, Round: round, Values: set})
			if l.early {
				l.vote(to, e, slot, l.share(e, slot, round))
			}
		}
	}
}

// randomVotes says anything about anything near.
func randomVotes(l *liar, _ bft.ID, msg *ledger.Msg) {
	d := l.n.w.dice
	round, ok := about(msg)
	if !ok || !d.oneIn(4) {
		return
	}
	round += uint32(d.below(3))
	m := aba.Msg{Kind: pick(d, aba.BVal, aba.BVal, aba.Aux, aba.Aux, aba.Conf), Round: round, Values: aba.Of(d.flip())}
	if m.Kind == aba.Conf {
		m.Round, m.Values = round|3, aba.Set(1+d.below(3))
	}
	m.First = m.Kind == aba.BVal && m.Round == 0 && d.flip()
	l.vote(bft.ID(d.below(l.n.w.n)), msg.Epoch, msg.ACS.Slot, m)
}

// flipVotes knows the coin and votes for the other value, in what is left of the
// round and in the next one.
func flipVotes(l *liar, epoch uint64, slot bft.ID, round uint32, c bool) {
	against := aba.Of(!c)
	for to := range l.n.w.plan.quorum.IDs() {
		l.vote(to, epoch, slot, aba.Msg{Kind: aba.BVal, Round: round, Values: against})
		l.vote(to, epoch, slot, aba.Msg{Kind: aba.Aux, Round: round, Values: against})
		l.vote(to, epoch, slot, aba.Msg{Kind: aba.Conf, Round: round, Values: against})
		l.vote(to, epoch, slot, aba.Msg{Kind: aba.BVal, Round: round + 1, Values: against})
		l.vote(to, epoch, slot, aba.Msg{Kind: aba.Aux, Round: round + 1, Values: against})
	}
}

// badShares breaks shares of coins and certificates, towards some.
func badShares(l *liar, to bft.ID, msg *ledger.Msg) bool {
	spoil := func(share []byte) []byte {
		spoilt := append([]byte(nil), share...)
		spoilt[0] ^= 1
		return spoilt
	}
	if !l.half[to] {
		return true
	}
	if !msg.Cert.IsZero() {
		if l.n.w.dice.flip() {
			msg.Cert.Block = spoil(msg.Cert.Block)
		} else {
			msg.Cert.Beacon = spoil(msg.Cert.Beacon)
		}
	}
	if msg.ACS.ABA.Kind == aba.Share {
		msg.ACS.ABA.Share = spoil(msg.ACS.ABA.Share)
	}
	return true
}

// earlyShares gives the shares of a slot's first coins away at once.
func earlyShares(l *liar, _ bft.ID, msg *ledger.Msg) {
	if _, ok := about(msg); !ok || !l.first(msg.Epoch, msg.ACS.Slot, 0) {
		return
	}
	for to := range l.n.w.plan.quorum.IDs() {
		for _, round := range [...]uint32{3, 7} {
			l.vote(to, msg.Epoch, msg.ACS.Slot, l.share(msg.Epoch, msg.ACS.Slot, round))
		}
	}
}

// decideLies tells every node that its face's value is decided.
func decideLies(l *liar, _ bft.ID, msg *ledger.Msg) {
	if _, ok := about(msg); !ok || !l.first(msg.Epoch, msg.ACS.Slot, 1) {
		return
	}
	for to := range l.n.w.plan.quorum.IDs() {
		l.vote(to, msg.Epoch, msg.ACS.Slot, aba.Msg{Kind: aba.Decide, Values: l.n.w.story(to, msg.Epoch, msg.ACS.Slot, 0, aba.BVal)})
	}
}
