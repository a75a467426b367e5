package rbc

import (
	"errors"
	"fmt"

	"abad/bft"
)

// In is what the owner of the machine says: [Propose] or [Held].
type In interface{ in() }

// Propose starts the broadcast; only the proposer may, and once.
type Propose struct{ Payload []byte }

// Held vouches for the payload with this hash, which [Seen] announced: it is
// well formed and everything that it lists is in the local store.
type Held struct{ Hash bft.Hash }

func (Propose) in() {}
func (Held) in()    {}

// Out is what the machine tells its owner: [Seen], [Accepted] or [Delivered].
type Out interface{ out() }

// Seen hands over the proposer's payload for checking; answer with [Held].
type Seen struct {
	Hash    bft.Hash
	Payload []byte
}

// Accepted says that no other payload can be delivered anywhere, and that every
// correct node will accept this one.
type Accepted struct{ Hash bft.Hash }

// Delivered ends the broadcast with its payload.
type Delivered struct {
	Hash    bft.Hash
	Payload []byte
}

func (Seen) out()      {}
func (Accepted) out()  {}
func (Delivered) out() {}

// Errors of a local caller, and reasons of a fault.
var (
	ErrNotProposer  = errors.New("rbc: only the proposer proposes, and once")
	ErrNotSeen      = errors.New("rbc: held is not what was seen")
	ErrPayload      = errors.New("rbc: a payload has 1 to 65536 bytes")
	ErrConflict     = errors.New("rbc: a second, different vote or payload")
	ErrImpostor     = errors.New("rbc: VAL by another node than the proposer")
	ErrWrongPayload = errors.New("rbc: FOUND is not what was fetched")
)

// Step is a step of this protocol.
type Step = bft.Step[Msg, Out]

// Machine is one broadcast at one node.
type Machine struct {
	quorum         bft.Quorum
	self, proposer bft.ID

	proposed bool
	val      []byte // the first VAL
	valHash  bft.Hash
	held     bool // the owner vouches for val
	echoed   bool
	readied  bool

	echoes, readies tally

	accepted  bft.Hash  // zero until accepted
	payload   []byte    // what was accepted, once it is here
	delivered bool      // said so to the owner
	asked     bft.IDSet // FETCH went to these
	answered  bft.IDSet // FOUND came from these
	served    bft.IDSet // FOUND went to these
}

var _ bft.Machine[In, Msg, Out] = (*Machine)(nil)

// New returns the broadcast of proposer as self takes part in it.
func New(quorum bft.Quorum, self, proposer bft.ID) *Machine {
	return &Machine{quorum: quorum, self: self, proposer: proposer}
}

// Input takes the owner's word.
func (m *Machine) Input(in In) (Step, error) {
	var s Step
	switch in := in.(type) {
	case Propose:
		if m.self != m.proposer || m.proposed {
			return s, ErrNotProposer
		}
		if len(in.Payload) == 0 || len(in.Payload) > MaxPayload {
			return s, fmt.Errorf("%w, not %d", ErrPayload, len(in.Payload))
		}
		m.proposed = true
		s.Broadcast(Msg{Kind: Val, Payload: in.Payload})
	case Held:
		if m.val == nil || in.Hash != m.valHash {
			return s, ErrNotSeen
		}
		m.held = true
	}
	m.settle(&s)
	return s, nil
}

// Handle takes a message.
func (m *Machine) Handle(from bft.ID, msg Msg) Step {
	var s Step
	news, err := m.record(&s, from, msg)
	if err != nil {
		s.Blame(from, err)
	}
	if !news {
		s.Stale = true
		return s
	}
	m.settle(&s)
	return s
}

// Done reports that no peer can still need anything: the payload is delivered,
// and every node has said that it holds it.
func (m *Machine) Done() bool {
	return m.delivered && m.echoes.of(m.accepted).Len() >= m.quorum.All()
}

// Readied reports whether this node has sent READY.
func (m *Machine) Readied() bool { return m.readied }

// SeenVal reports whether the proposer's payload is here.
func (m *Machine) SeenVal() bool { return m.val != nil }

// Echoes is who has sent ECHO, for whatever payload.
func (m *Machine) Echoes() bft.IDSet { return m.echoes.voted }

// Readies is who has sent READY, for whatever payload.
func (m *Machine) Readies() bft.IDSet { return m.readies.voted }

// record stores what msg says in its slot, and reports whether that is news.
func (m *Machine) record(s *Step, from bft.ID, msg Msg) (news bool, err error) {
	if err := msg.Check(); err != nil {
		return false, err
	}
	switch msg.Kind {
	case Val:
		return m.recordVal(s, from, msg.Payload)
	case Echo:
		return m.echoes.add(from, msg.Hash)
	case Ready:
		return m.readies.add(from, msg.Hash)
	case Fetch:
		return m.serve(s, from, msg.Hash), nil
	case Found:
		return m.recordFound(from, msg.Payload)
	}
	return false, nil
}

func (m *Machine) recordVal(s *Step, from bft.ID, payload []byte) (news bool, err error) {
	if from != m.proposer {
		return false, ErrImpostor
	}
	h := bft.Sum(payload)
	if m.val != nil {
		if h != m.valHash {
			return false, ErrConflict
		}
		return false, nil
	}
	m.val, m.valHash = payload, h
	s.Emit(Seen{Hash: h, Payload: payload})
	return true, nil
}

// recordFound keeps the payload only if it is what was accepted, and looks at
// one answer per node that was asked: nobody can make us hash more.
func (m *Machine) recordFound(from bft.ID, payload []byte) (news bool, err error) {
	if m.payload != nil || !m.asked.Has(from) || !m.answered.Add(from) {
		return false, nil
	}
	if bft.Sum(payload) != m.accepted {
		return true, ErrWrongPayload
	}
	m.payload = payload
	return true, nil
}

// serve answers one FETCH per peer. A correct peer asks only who has echoed.
func (m *Machine) serve(s *Step, to bft.ID, h bft.Hash) (served bool) {
	var payload []byte
	switch {
	case m.val != nil && h == m.valHash:
		payload = m.val
	case m.payload != nil && h == m.accepted:
		payload = m.payload
	}
	if payload == nil || !m.served.Add(to) {
		return false
	}
	s.Reply(to, Msg{Kind: Found, Payload: payload})
	return true
}

// settle applies every rule until none applies. One pass suffices: no rule
// enables one above it.
func (m *Machine) settle(s *Step) {
	if m.held && !m.echoed {
		m.echoed = true
		s.Broadcast(Msg{Kind: Echo, Hash: m.valHash})
	}
	if !m.readied {
		h, ok := m.echoes.reached(m.quorum.Echo())
		if !ok {
			h, ok = m.readies.reached(m.quorum.Amplify())
		}
		if ok {
			m.readied = true
			s.Broadcast(Msg{Kind: Ready, Hash: h})
		}
	}
	if m.accepted.IsZero() {
		h, ok := m.readies.reached(m.quorum.Deliver())
		if !ok {
			return
		}
		m.accepted = h
		s.Emit(Accepted{Hash: h})
	}
	if m.payload == nil && m.val != nil && m.valHash == m.accepted {
		m.payload = m.val
	}
	if m.payload == nil {
		m.fetch(s)
	} else if !m.delivered {
		m.delivered = true
		s.Emit(Delivered{Hash: m.accepted, Payload: m.payload})
	}
}

// fetch asks those who echoed what was accepted, f+1 of them, so that one is
// correct. Echo ECHO(h) arrive in the end, so there are that many to ask.
func (m *Machine) fetch(s *Step) {
	for id := range m.echoes.of(m.accepted).All() {
		if m.asked.Len() >= m.quorum.Amplify() {
			return
		}
		if id != m.self && m.asked.Add(id) {
			s.Reply(id, Msg{Kind: Fetch, Hash: m.accepted})
		}
	}
}
