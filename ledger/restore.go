package ledger

import (
	"fmt"

	"abad/batch"
)

// RestoreFrom is the first block that a ledger of this height must
// [Machine.Restore]: older ones no longer matter to any rule.
func (m *Machine) RestoreFrom(height uint64) uint64 {
	need := uint64(Window + m.cfg.Epochs)
	if height <= need {
		return 1
	}
	return height - need
}

// Restore takes in a stored block, in order, before anything else. Values are the
// ids of its values in order; certified says whether its certificate is stored.
func (m *Machine) Restore(block *Block, values []batch.ValueID, certified bool) error {
	h := block.Header
	if h.Cluster != m.cfg.Cluster || h.Era != m.cfg.Era || h.Roster != m.cfg.Roster {
		return fmt.Errorf("%w: block %d is of another cluster, era or roster", ErrInput, h.Epoch)
	}
	if m.tip.height == 0 {
		m.certified = h.Epoch - 1
	} else if h.Epoch != m.tip.height+1 || h.Previous != m.tip.hash {
		return fmt.Errorf("%w: block %d does not follow block %d", ErrInput, h.Epoch, m.tip.height)
	}
	m.recent.enter(values, func(int) {})
	if certified && m.certified == h.Epoch-1 {
		m.certified = h.Epoch
		m.enter(block)
		return nil
	}
	ep := m.epoch(h.Epoch)
	m.enter(block)
	ep.cert.hash = m.tip.hash
	if certified {
		ep.cert.done = &Certificate{}
	}
	return nil
}

// Heard is how many of this node's own messages of an epoch its machine was given.
// A replay gives it as many as [Entry.Heard] says before it makes the entry's call,
// and the rest after the last one: in another order the same calls can lead to
// another vote.
func (m *Machine) Heard(epoch uint64) uint64 {
	if ep := m.known(epoch); ep != nil {
		return ep.heard
	}
	return 0
}

// Replay makes a call of an earlier run again. The driver loops messages to
// itself back as [Machine.Heard] says; what goes to peers it may send, for they
// have it or should. An error says that the journal does not fit the blocks.
func (m *Machine) Replay(epoch uint64, e Entry) (Step, error) {
	var s Step
	if !m.replaying {
		return s, fmt.Errorf("%w: replay after resume", ErrInput)
	}
	if epoch <= m.certified || epoch <= m.muted || epoch > m.tip.height+uint64(m.cfg.Epochs) {
		// Forgotten by now; or the crash came between the journal and the block that
		// made room for this epoch, before anything of it was sent.
		return s, nil
	}
	ep := m.epoch(epoch)
	switch e.Kind {
	case Propose:
		h, err := DecodeHeader(e.Header)
		if err != nil {
			return s, err
		}
		m.proposed(ep, h)
	case Held:
		ep.slots[e.Node].held = true
	}
	_, err := m.apply(&s, ep, e)
	return s, err
}

// resumed takes up what the journal has not decided.
func (m *Machine) resumed(s *Step) {
	m.replaying = false
	m.pool.changed = true
	for e := m.certified + 1; e <= m.certified+uint64(len(m.epochs)); e++ {
		for id := range m.cfg.Quorum.IDs() {
			m.vouch(s, m.known(e), id)
		}
	}
}
