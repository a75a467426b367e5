package acs

import (
	"errors"

	"abad/bft"
	"abad/coin"
	"abad/rbc"
)

// Config says what an epoch is.
type Config struct {
	Quorum bft.Quorum
	Self   bft.ID
	Bench  bft.IDSet // slots that are expected out; the same at every correct node
	Signer coin.Signer
	// CoinName names the coin of a slot's round, unlike any other coin.
	CoinName func(slot bft.ID, round uint32) []byte
}

// In is what the owner says: [Propose], [Held], [Reject] or [Hurry].
type In interface{ in() }

// Propose puts in this node's header.
type Propose struct{ Header []byte }

// Held answers [Seen]: the header is well formed and all that it lists is here.
type Held struct {
	Slot bft.ID
	Hash bft.Hash
}

// Reject votes a benched slot out whose proposer is believed to be down. After
// our READY it is too late, and nothing happens.
type Reject struct{ Slot bft.ID }

// Hurry ends the wait that [Linger] asked for.
type Hurry struct{}

func (Propose) in() {}
func (Held) in()    {}
func (Reject) in()  {}
func (Hurry) in()   {}

// Out is what the owner learns: [Seen], [Linger], [Decided], [Delivered] or
// [Complete].
type Out interface{ out() }

// Seen hands over a proposer's header for checking; answer with [Held].
type Seen struct {
	Slot   bft.ID
	Hash   bft.Hash
	Header []byte
}

// Linger says that enough slots are settled, and asks for [Hurry], when the owner
// thinks that the other proposers have had their chance.
type Linger struct{}

// Decided says whether a slot is in.
type Decided struct {
	Slot     bft.ID
	Accepted bool
}

// Delivered gives the header of a slot, which may be in or out in the end.
type Delivered struct {
	Slot   bft.ID
	Header []byte
}

// Complete ends the epoch: every slot is decided and the headers of those that
// are in are delivered.
type Complete struct{}

func (Seen) out()      {}
func (Linger) out()    {}
func (Decided) out()   {}
func (Delivered) out() {}
func (Complete) out()  {}

// ErrSlot is a caller's input for a slot that does not exist.
var ErrSlot = errors.New("acs: no such slot")

// Step is a step of this protocol.
type Step = bft.Step[Msg, Out]

// Machine is one epoch at one node.
type Machine struct {
	cfg   Config
	slots []*slot

	rejecting bool // Wait slots are settled, and the others get a little longer
	hurried   bool
	complete  bool
}

var _ bft.Machine[In, Msg, Out] = (*Machine)(nil)

// New returns an epoch. It takes part before it proposes.
func New(cfg Config) *Machine {
	m := &Machine{cfg: cfg}
	for id := range cfg.Quorum.IDs() {
		m.slots = append(m.slots, newSlot(cfg, id))
	}
	return m
}

// Input takes the owner's word.
func (m *Machine) Input(in In) (Step, error) {
	var s Step
	var err error
	switch in := in.(type) {
	case Propose:
		err = m.slots[m.cfg.Self].broadcast(&s, rbc.Propose{Payload: in.Header})
	case Held:
		if !m.cfg.Quorum.Valid(in.Slot) {
			return s, ErrSlot
		}
		err = m.slots[in.Slot].broadcast(&s, rbc.Held{Hash: in.Hash})
	case Reject:
		if !m.cfg.Quorum.Valid(in.Slot) {
			return s, ErrSlot
		}
		m.slots[in.Slot].reject(&s)
	case Hurry:
		m.hurried = true
	}
	m.settle(&s)
	return s, err
}

// Handle takes a message.
func (m *Machine) Handle(from bft.ID, msg Msg) Step {
	var s Step
	if err := msg.Check(m.cfg.Quorum); err != nil {
		s.Blame(from, err)
		s.Stale = true
		return s
	}
	if !m.slots[msg.Slot].handle(&s, from, msg) {
		s.Stale = true
		return s
	}
	m.settle(&s)
	return s
}

// Done reports that no peer can still need anything of this epoch.
func (m *Machine) Done() bool {
	if !m.complete {
		return false
	}
	for _, sl := range m.slots {
		if !sl.done() {
			return false
		}
	}
	return true
}

// Slot gives the state of a slot.
func (m *Machine) Slot(id bft.ID) Slot { return m.slots[id].snapshot() }

// settle applies the rules of the epoch.
func (m *Machine) settle(s *Step) {
	if !m.rejecting && m.settled() >= m.cfg.Quorum.Wait() {
		m.rejecting = true
		s.Emit(Linger{})
	}
	if m.rejecting {
		m.rejectRest(s)
	}
	if !m.complete && m.finished() {
		m.complete = true
		s.Emit(Complete{})
	}
}

// settled counts the slots that a node may stop waiting for the others for.
func (m *Machine) settled() int {
	n := 0
	for _, sl := range m.slots {
		if v, ok := sl.agreement.Decided(); ok && (v || sl.benched) {
			n++
		}
	}
	return n
}

func (m *Machine) rejectRest(s *Step) {
	for _, sl := range m.slots {
		if m.hurried || sl.benched {
			sl.reject(s)
		}
	}
}

func (m *Machine) finished() bool {
	for _, sl := range m.slots {
		v, ok := sl.agreement.Decided()
		if !ok || v && !sl.delivered {
			return false
		}
	}
	return true
}
