package ledger

import (
	"fmt"
	"slices"

	"abad/acs"
	"abad/bft"
)

// epoch is one epoch between its first message and its certificate.
type epoch struct {
	number   uint64
	heard    uint64 // own messages that the machine was given
	acs      *acs.Machine
	slots    []slot
	complete bool
	wanted   bool // the block's missing batches were asked for
	cert     certificate
}

// slot is what the ledger knows of a slot beside its machine.
type slot struct {
	seen      bool
	hash      bft.Hash
	header    Header            // the one seen, then the one delivered
	named     map[bft.Hash]bool // what a long header lists, once somebody asks
	missing   int               // listed batches that are not here
	awaited   []bft.Hash        // those that were not here when they were seen
	held      bool              // Held was said
	delivered bool
	decided   bool
	accepted  bool
}

// out reports that the slot will not be in the block.
func (sl *slot) out() bool { return sl.decided && !sl.accepted }

// list sets the header.
func (sl *slot) list(h Header) { sl.seen, sl.header, sl.named = true, h, nil }

// lists reports whether the header has a batch. It is asked for every batch that waits,
// and both can be many where a node floods the others with small ones.
func (sl *slot) lists(d bft.Hash) bool {
	const short = 16
	if len(sl.header.Batches) <= short {
		return slices.Contains(sl.header.Batches, d)
	}
	if sl.named == nil {
		sl.named = make(map[bft.Hash]bool, len(sl.header.Batches))
		for _, d := range sl.header.Batches {
			sl.named[d] = true
		}
	}
	return sl.named[d]
}

// epoch gives the state of an epoch after the certified ones, making it.
func (m *Machine) epoch(number uint64) *epoch {
	for next := m.certified + 1 + uint64(len(m.epochs)); next <= number; next++ {
		m.epochs = append(m.epochs, m.newEpoch(next))
	}
	return m.epochs[number-m.certified-1]
}

// known gives the state of an epoch if there is any.
func (m *Machine) known(number uint64) *epoch {
	if number <= m.certified || number-m.certified > uint64(len(m.epochs)) {
		return nil
	}
	return m.epochs[number-m.certified-1]
}

func (m *Machine) newEpoch(number uint64) *epoch {
	return &epoch{
		number: number,
		slots:  make([]slot, m.cfg.Quorum.All()),
		acs: acs.New(acs.Config{
			Quorum:   m.cfg.Quorum,
			Self:     m.cfg.Self,
			Bench:    m.bench.of(number),
			Signer:   m.cfg.Signer,
			CoinName: m.coinName(number),
		}),
	}
}

// call makes one call of an epoch's machine and journals it, ahead of the calls that
// follow from it. What this node sends to itself needs no journal, for it follows
// from the other calls; nor do messages that tell nothing new, or a liar could fill
// the disk with repeats.
func (m *Machine) call(s *Step, ep *epoch, e Entry) {
	own := e.Kind == Message && e.Node == m.cfg.Self
	if own {
		ep.heard++
	} else {
		e.Heard = ep.heard
		s.Emit(Journal{Epoch: ep.number, Entry: e})
	}
	stale, err := m.apply(s, ep, e)
	if err != nil {
		panic(fmt.Sprintf("ledger: internal error: epoch %d: %v", ep.number, err))
	}
	if stale && !own {
		s.Out = s.Out[:len(s.Out)-1] // a stale call emits nothing: the entry is the last
	}
}

// apply makes the call, and reports whether it changed nothing.
func (m *Machine) apply(s *Step, ep *epoch, e Entry) (stale bool, err error) {
	var step acs.Step
	if e.Kind == Message {
		step = ep.acs.Handle(e.Node, e.Msg)
	} else if step, err = ep.acs.Input(e.input()); err != nil {
		return false, err
	}
	wrap := func(msg acs.Msg) (Msg, bool) { return Msg{Epoch: ep.number, ACS: msg}, true }
	for _, out := range bft.Absorb(s, step, wrap) {
		m.absorb(s, ep, out)
	}
	return step.Stale, nil
}

func (m *Machine) absorb(s *Step, ep *epoch, out acs.Out) {
	m.pool.changed = true
	switch out := out.(type) {
	case acs.Seen:
		m.seen(s, ep, out)
	case acs.Linger:
		s.Emit(Linger{Epoch: ep.number})
	case acs.Decided:
		sl := &ep.slots[out.Slot]
		sl.decided, sl.accepted = true, out.Accepted
	case acs.Delivered:
		// f+1 correct nodes have vouched for it, so it is well formed.
		sl := &ep.slots[out.Slot]
		header, _ := DecodeHeader(out.Header)
		sl.list(header)
		sl.delivered = true
	case acs.Complete:
		ep.complete = true
	}
}

// seen checks a proposer's header and asks for the batches that are missing.
func (m *Machine) seen(s *Step, ep *epoch, out acs.Seen) {
	header, err := DecodeHeader(out.Header)
	if err != nil {
		s.Blame(out.Slot, err)
		return
	}
	sl := &ep.slots[out.Slot]
	sl.seen, sl.hash = true, out.Hash
	if !sl.delivered {
		sl.list(header)
	}
	for _, d := range header.Batches {
		if !m.here(d) {
			sl.missing++
			sl.awaited = append(sl.awaited, d)
			m.pool.await(d, ref{ep.number, out.Slot})
			s.Emit(Want{Epoch: ep.number, Digest: d, Lister: out.Slot})
		}
	}
	m.vouch(s, ep, out.Slot)
}

// vouch says Held once nothing is missing. In a replay the journal says it.
func (m *Machine) vouch(s *Step, ep *epoch, id bft.ID) {
	sl := &ep.slots[id]
	if m.replaying || sl.held || sl.hash.IsZero() || sl.missing > 0 {
		return
	}
	sl.held = true
	m.call(s, ep, Entry{Kind: Held, Node: id, Hash: sl.hash})
}

// here reports whether a batch is held or in the log.
func (m *Machine) here(d bft.Hash) bool {
	_, held := m.pool.held[d]
	_, logged := m.recent.batches[d]
	return held || logged
}
