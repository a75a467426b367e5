package ledger

import (
	"slices"

	"abad/batch"
	"abad/bft"
)

// pool is the held batches that no block has taken, and who waits for which.
type pool struct {
	held    map[bft.Hash]*held
	waiting []*held // in order of arrival
	awaited map[bft.Hash][]ref
	changed bool // the next epoch may have to be opened
}

type held struct {
	digest bft.Hash
	maker  bft.ID
	values []batch.ValueID
	since  uint64 // the height when it came
}

// ref names a slot that waits for a batch.
type ref struct {
	epoch uint64
	slot  bft.ID
}

func newPool() pool {
	return pool{held: map[bft.Hash]*held{}, awaited: map[bft.Hash][]ref{}}
}

func (p *pool) await(d bft.Hash, r ref) { p.awaited[d] = append(p.awaited[d], r) }

// giveUp forgets what the slots of an epoch that is over wait for: a batch that does
// not exist never comes.
func (p *pool) giveUp(ep *epoch) {
	for id := range ep.slots {
		for _, d := range ep.slots[id].awaited {
			left := slices.DeleteFunc(p.awaited[d], func(r ref) bool { return r.epoch == ep.number })
			if p.awaited[d] = left; len(left) == 0 {
				delete(p.awaited, d)
			}
		}
	}
}

// drop takes out what a block took.
func (p *pool) drop(digests []bft.Hash) {
	if len(digests) == 0 {
		return
	}
	for _, d := range digests {
		delete(p.held, d)
	}
	p.waiting = slices.DeleteFunc(p.waiting, func(h *held) bool { return p.held[h.digest] != h })
}

// hold takes in a batch that is here.
func (m *Machine) hold(s *Step, in Hold) {
	if m.here(in.Digest) {
		return
	}
	h := &held{digest: in.Digest, maker: in.Maker, values: in.Values, since: m.tip.height}
	m.pool.held[in.Digest] = h
	m.pool.waiting = append(m.pool.waiting, h)
	m.pool.changed = true
	refs := m.pool.awaited[in.Digest]
	delete(m.pool.awaited, in.Digest)
	for _, r := range refs {
		if ep := m.known(r.epoch); ep != nil {
			ep.slots[r.slot].missing--
			m.vouch(s, ep, r.slot)
		}
	}
}
