package aba

import (
	"errors"

	"abad/bft"
	"abad/coin"
)

// MaxAhead is how many rounds beyond its own a node keeps votes for. Correct
// nodes can be further apart only if the coin fell against them some 30 times in
// a row, so what is dropped is never missed; nobody is blamed for it.
const MaxAhead = 128

// Config says what an instance is. The zero Bias and Repropose are usable.
type Config struct {
	Quorum bft.Quorum
	Signer coin.Signer

	// CoinName gives the text whose threshold signature is the coin of a round.
	// It must not occur in any other instance.
	CoinName func(round uint32) []byte

	// Bias is the value b of the schedule [b, b, 1-b, RANDOM]: instances that
	// decide b are quick.
	Bias bool

	// VoteFirst keeps the node silent until its own input: nothing is decided
	// before Wait nodes have put something in, and n-f correct nodes must. A
	// node without an input still learns the decision by DECIDE. Without it f+1
	// inputs may be enough, which the others relay.
	VoteFirst bool

	// Repropose allows Input(1) after Input(0). It rules out unanimity of zeros.
	Repropose bool
}

// Decided is the output: the value, once.
type Decided struct{ Value bool }

// Step is a step of this protocol.
type Step = bft.Step[Msg, Decided]

// ErrInput is a caller's second input, other than a re-proposal.
var ErrInput = errors.New("aba: a second input")

// Machine is one instance at one node.
type Machine struct {
	cfg Config

	given   Set // inputs
	voted   Set // values of the BVAL of round 0 that this node sent; outlives the rounds
	current uint32
	est     bool // goes into BVAL when the current round starts
	started bool // the current round's BVAL went out, or is not this node's to send
	rounds  []*round

	first   [2]bft.IDSet // whose first vote of round 0 was 0, 1
	decides [2]bft.IDSet
	decided Set
	halted  bool
	voters  int // of round 0, once halted
	coins   int
}

var _ bft.Machine[bool, Msg, Decided] = (*Machine)(nil)

// New returns an instance in round 0. It relays before it has an input.
func New(cfg Config) *Machine { return &Machine{cfg: cfg, started: true} }

// Input puts in a bit. A later 1 may follow a 0 if the configuration allows it,
// in any round and even after deciding; nothing may follow a 1.
func (m *Machine) Input(v bool) (Step, error) {
	var s Step
	if m.given != None && (m.given != Zero || !v || !m.cfg.Repropose) {
		return s, ErrInput
	}
	m.given |= Of(v)
	if !m.halted {
		m.sendBVal(&s, 0, v)
		m.settle(&s, 0)
	}
	return s, nil
}

// Handle takes a message.
func (m *Machine) Handle(from bft.ID, msg Msg) Step {
	var s Step
	if err := msg.Check(); err != nil {
		s.Blame(from, err)
		s.Stale = true
		return s
	}
	if m.halted || msg.Round > m.current+MaxAhead {
		s.Stale = true
		return s
	}
	news, err := m.record(&s, from, msg)
	if err != nil {
		s.Blame(from, err)
	}
	if !news {
		s.Stale = true
		return s
	}
	m.settle(&s, msg.Round)
	return s
}

// Done reports that the instance has halted: enough nodes have decided that all
// others will by DECIDE alone.
func (m *Machine) Done() bool { return m.halted }

// Halt ends the instance when a certificate proves its outcome to everybody.
func (m *Machine) Halt() {
	m.voters = m.Voters()
	m.halted, m.rounds = true, nil
}

// Decided gives the decision.
func (m *Machine) Decided() (v, ok bool) { return m.decided.Single() }

// Unanimous reports whether every node's first vote was 1. Correct nodes keep to that,
// so that nothing but 1 can be decided, whatever else is said, lost or forgotten.
func (m *Machine) Unanimous() bool { return m.first[1].Len() == m.cfg.Quorum.All() }

// Voters counts the nodes whose vote in round 0 has come, until the instance halts.
func (m *Machine) Voters() int {
	if len(m.rounds) == 0 || m.rounds[0] == nil {
		return m.voters
	}
	r := m.rounds[0]
	return r.bval[0].Union(r.bval[1]).Len()
}

// Rounds counts the rounds that this node has entered.
func (m *Machine) Rounds() int { return int(m.current) + 1 }

// Auxes gives the newest round entered here in which an AUX was heard, from 0, and
// who sent one. An instance that has halted has forgotten them.
func (m *Machine) Auxes() (round int, from bft.IDSet) {
	for n := min(int(m.current), len(m.rounds)-1); n >= 0; n-- {
		if r := m.rounds[n]; r != nil {
			from = r.aux[Zero].Union(r.aux[One])
		}
		if from != (bft.IDSet{}) {
			return n, from
		}
	}
	return 0, from
}

// Coins counts the common coins that this node has learnt.
func (m *Machine) Coins() int { return m.coins }

// SentBVal reports whether this node has sent BVAL(0,v).
func (m *Machine) SentBVal(v bool) bool { return m.voted.Has(v) }

// record stores what msg says in its slot, and reports whether that is news.
func (m *Machine) record(s *Step, from bft.ID, msg Msg) (news bool, err error) {
	if msg.Kind == Decide {
		return m.recordDecide(from, msg.Values == One)
	}
	r := m.round(msg.Round)
	switch msg.Kind {
	case BVal:
		v := msg.Values == One
		if !r.bval[bit(v)].Add(from) {
			return false, nil
		}
		if msg.First {
			if m.first[bit(!v)].Has(from) {
				return true, ErrConflict // both came first
			}
			m.first[bit(v)].Add(from)
		}
		return true, nil
	case Aux:
		return record(&r.aux, from, msg.Values)
	case Conf:
		return record(&r.conf, from, msg.Values)
	case Share:
		step := r.flip(m, msg.Round).Handle(from, coin.Msg(msg.Share))
		m.tossed(s, msg.Round, step)
		return !step.Stale, nil
	}
	return false, nil
}

func (m *Machine) recordDecide(from bft.ID, v bool) (news bool, err error) {
	if m.decides[bit(!v)].Has(from) {
		return false, ErrConflict
	}
	return m.decides[bit(v)].Add(from), nil
}

// round gives the state of a round, which [MaxAhead] bounds in number.
func (m *Machine) round(n uint32) *round {
	for uint32(len(m.rounds)) <= n {
		m.rounds = append(m.rounds, nil)
	}
	if m.rounds[n] == nil {
		m.rounds[n] = new(round)
	}
	return m.rounds[n]
}

func bit(v bool) int {
	if v {
		return 1
	}
	return 0
}
