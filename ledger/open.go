package ledger

import (
	"abad/bft"
)

// open opens the next epoch if a rule of the package comment says so.
func (m *Machine) open(s *Step) bool {
	if m.muted > m.tip.height+uint64(m.cfg.Epochs) {
		return false
	}
	next := max(m.opened, m.tip.height, m.muted) + 1
	if next > m.tip.height+uint64(m.cfg.Epochs) || next > m.certified+MaxUncertified {
		return false
	}
	if !m.pool.changed {
		return false
	}
	peers := m.openers(next)
	if peers < m.cfg.Quorum.Amplify() && (m.tired && peers == 0 || !m.uncovered(next)) {
		m.pool.changed = false
		return false
	}
	ep := m.epoch(next)
	h := m.propose()
	m.proposed(ep, h)
	m.tired = true
	s.Emit(Opened{Epoch: next})
	m.call(s, ep, Entry{Kind: Propose, Header: h.Encode()})
	for id := range m.bench.of(next).All() {
		if id != m.cfg.Self && !m.up.Has(id) {
			m.call(s, ep, Entry{Kind: Reject, Node: id})
		}
	}
	return true
}

// propose makes this node's next header.
func (m *Machine) propose() Header {
	h := Header{Time: m.now}
	for _, b := range m.pool.waiting {
		if len(h.Batches) == MaxListed {
			break
		}
		ours := b.maker == m.cfg.Self || m.orphaned(b)
		if ours && !m.listed(m.cfg.Self, b.digest) {
			h.Batches = append(h.Batches, b.digest)
		}
	}
	return h
}

// orphaned reports that blocks go by without a batch.
func (m *Machine) orphaned(b *held) bool { return m.tip.height >= b.since+OrphanAge }

// proposed notes the own header: the slot counts as seen before its VAL is back.
func (m *Machine) proposed(ep *epoch, h Header) {
	m.opened = max(m.opened, ep.number)
	sl := &ep.slots[m.cfg.Self]
	sl.list(h)
}

// listed reports whether a live slot of this proposer lists a batch.
func (m *Machine) listed(id bft.ID, d bft.Hash) bool {
	for e := m.tip.height + 1; e <= m.opened; e++ {
		if ep := m.known(e); ep != nil {
			if sl := &ep.slots[id]; sl.seen && !sl.out() && sl.lists(d) {
				return true
			}
		}
	}
	return false
}

// openers counts the peers that have opened epoch next or a later one: whoever opens
// an epoch proposes in it.
func (m *Machine) openers(next uint64) int {
	var opened bft.IDSet
	for e := next; e <= m.certified+uint64(len(m.epochs)); e++ {
		ep := m.known(e)
		for id := range m.cfg.Quorum.IDs() {
			if ep.slots[id].seen {
				opened.Add(id)
			}
		}
	}
	opened.Remove(m.cfg.Self)
	return opened.Len()
}

// uncovered reports whether some held batch has no slot that may take it.
func (m *Machine) uncovered(next uint64) bool {
	for _, b := range m.pool.waiting {
		if !m.covered(b, next) {
			return true
		}
	}
	return false
}

func (m *Machine) covered(b *held, next uint64) bool {
	for e := max(m.tip.height, m.muted) + 1; e < next; e++ {
		ep := m.known(e)
		if ep == nil {
			continue
		}
		for id := range m.cfg.Quorum.IDs() {
			sl := &ep.slots[id]
			if sl.out() {
				continue
			}
			if sl.seen && sl.lists(b.digest) || !sl.seen && id == b.maker {
				return true
			}
		}
	}
	return false
}

// link notes whether a peer seems reachable; open looks at it.
func (m *Machine) link(in Link) {
	if in.Up {
		m.up.Add(in.Peer)
	} else {
		m.up.Remove(in.Peer)
	}
}
