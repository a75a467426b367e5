package aba

import (
	"abad/bft"
	"abad/coin"
)

// settle applies every rule until none applies. touched is the round whose votes
// have just changed: only there can an old round have something to relay.
func (m *Machine) settle(s *Step, touched uint32) {
	m.settleDecides(s)
	if m.halted || m.cfg.VoteFirst && m.given == None {
		return
	}
	if touched <= m.current {
		m.relay(s, touched)
	}
	m.unanimity(s)
	for m.start(s) && m.advance(s) {
	}
}

// settleDecides: one correct node has decided, or so many have that the others
// will without us.
func (m *Machine) settleDecides(s *Step) {
	for _, v := range [...]bool{false, true} {
		n := m.decides[bit(v)].Len()
		if n >= m.cfg.Quorum.Amplify() {
			m.decide(s, v)
		}
		if n >= m.cfg.Quorum.Wait() {
			m.Halt()
		}
	}
}

// relay is rule A.
func (m *Machine) relay(s *Step, n uint32) {
	r := m.round(n)
	for _, v := range [...]bool{false, true} {
		if r.bval[bit(v)].Len() >= m.cfg.Quorum.Amplify() {
			m.sendBVal(s, n, v)
		}
	}
}

// unanimity decides when every node's first vote is v. A vote for the other
// value, even of a node that voted v before, shows that somebody could relay it.
func (m *Machine) unanimity(s *Step) {
	for _, v := range [...]bool{false, true} {
		if m.first[bit(v)].Len() < m.cfg.Quorum.All() || m.round(0).bval[bit(!v)] != (bft.IDSet{}) {
			continue
		}
		if v || !m.cfg.Repropose {
			m.decide(s, v)
		}
	}
}

// start begins the current round. A node that has decided does so only when
// others need it to: in a unanimous run nobody does. Those who need it are correct
// and undecided, and they are Amplify nodes at least, for if fewer were undecided,
// Amplify DECIDE would decide them. Nothing less will do: a faulty node that voted
// in a round far ahead would drive all nodes there.
func (m *Machine) start(s *Step) bool {
	if m.started {
		return true
	}
	if m.decided != None && m.ahead().Len() < m.cfg.Quorum.Amplify() {
		return false
	}
	m.started = true
	m.sendBVal(s, m.current, m.est)
	m.relay(s, m.current)
	return true
}

// ahead is who has voted in the current round or a later one.
func (m *Machine) ahead() (from bft.IDSet) {
	for n := int(m.current); n < len(m.rounds); n++ {
		if m.rounds[n] != nil {
			from = from.Union(m.rounds[n].voters())
		}
	}
	return from
}

// advance takes the current round as far as it goes and reports whether it ended.
func (m *Machine) advance(s *Step) bool {
	r := m.round(m.current)
	m.bin(s, r)
	if r.vals == None {
		r.vals = r.aux.quorum(m.cfg.Quorum, r.bin)
	}
	if r.vals == None {
		return false
	}
	if !Random(m.current) {
		c := m.cfg.Bias
		if m.current%4 == 2 {
			c = !c
		}
		m.conclude(s, r.vals, c)
		return true
	}
	return m.advanceRandom(s, r)
}

// bin is rule B.
func (m *Machine) bin(s *Step, r *round) {
	for _, v := range [...]bool{false, true} {
		if r.bval[bit(v)].Len() < m.cfg.Quorum.Deliver() {
			continue
		}
		r.bin |= Of(v)
		if !r.auxSent {
			r.auxSent = true
			s.Broadcast(Msg{Kind: Aux, Round: m.current, Values: Of(v)})
		}
	}
}

// advanceRandom is rules E, F and G. The share leaves only when V is fixed:
// whoever could read the coin before n-f CONF are out could steer them by it.
func (m *Machine) advanceRandom(s *Step, r *round) bool {
	if !r.confSent {
		r.confSent = true
		s.Broadcast(Msg{Kind: Conf, Round: m.current, Values: r.vals})
	}
	if r.v == None {
		if r.v = r.conf.quorum(m.cfg.Quorum, r.bin); r.v == None {
			return false
		}
		m.toss(s, r, coin.Release)
		if m.decided == None {
			m.toss(s, r, coin.Reveal)
		}
	}
	c, known := r.toss.Value()
	if v, single := r.v.Single(); single && !known {
		m.next(v)
		return true
	}
	if known {
		m.conclude(s, r.v, c)
	}
	return known
}

func (m *Machine) toss(s *Step, r *round, in coin.In) {
	step, err := r.flip(m, m.current).Input(in)
	if err != nil {
		panic("aba: internal error: " + err.Error())
	}
	m.tossed(s, m.current, step)
}

// tossed takes a coin machine's step in. The coin of a round that was left with
// V = {v} may come late; if it is v, then v is decided after all.
func (m *Machine) tossed(s *Step, n uint32, step bft.Step[coin.Msg, bool]) {
	wrap := func(share coin.Msg) (Msg, bool) {
		return Msg{Kind: Share, Round: n, Share: share}, true
	}
	for _, c := range bft.Absorb(s, step, wrap) {
		m.coins++
		if n < m.current && m.round(n).v == Of(c) {
			m.decide(s, c)
		}
	}
}

// conclude ends the current round with the values x and the coin c.
func (m *Machine) conclude(s *Step, x Set, c bool) {
	v, single := x.Single()
	if !single {
		m.next(c)
		return
	}
	if v == c {
		m.decide(s, v)
	}
	m.next(v)
}

func (m *Machine) next(est bool) {
	m.est = est
	m.current++
	m.started = false
}

func (m *Machine) decide(s *Step, v bool) {
	if m.decided != None {
		return
	}
	m.decided = Of(v)
	s.Broadcast(Msg{Kind: Decide, Values: Of(v)})
	s.Emit(Decided{Value: v})
}

func (m *Machine) sendBVal(s *Step, n uint32, v bool) {
	r := m.round(n)
	if r.sent.Has(v) {
		return
	}
	first := n == 0 && !r.sent.Has(!v)
	r.sent |= Of(v)
	if n == 0 {
		m.voted |= Of(v)
	}
	s.Broadcast(Msg{Kind: BVal, Round: n, Values: Of(v), First: first})
}
