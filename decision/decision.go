package decision

import (
	"fmt"
	"slices"

	"abad/aba"
	"abad/bft"
	"abad/coin"
)

// Limits; the package comment has their reasons.
const (
	MaxVotes   = 64
	MaxDecided = 1 << 16
)

// Config says whose decisions they are.
type Config struct {
	Quorum  bft.Quorum
	Self    bft.ID
	Cluster bft.Hash
	Era     uint64
	Signer  coin.Signer
}

// In is what the driver says: [Vote], [Signed], [BadShares], [Certified], [Mute],
// [Known], [Prune] or [Resume].
type In interface{ in() }

// Vote is this node's operator's. A second, different one is [ErrVoted]; the same
// one again is nothing.
type Vote struct {
	Name  string
	Value bool
}

// Mute says that this node has lost its memory: until further notice it neither
// votes nor takes part, and never will in decisions that it hears of meanwhile.
type Mute struct{ On bool }

// Known gives a result of an earlier run, or one that a peer proved.
type Known struct{ Result Result }

// Prune forgets a decision that is certified. Its name stays closed while this
// machine remembers it as one of the last [MaxDecided] pruned.
type Prune struct{ Name string }

// Resume ends a replay.
type Resume struct{}

func (Vote) in()      {}
func (Signed) in()    {}
func (BadShares) in() {}
func (Certified) in() {}
func (Mute) in()      {}
func (Known) in()     {}
func (Prune) in()     {}
func (Resume) in()    {}

// Out is what the driver learns: [Journal], [Decided], [Combine] or [Certified].
type Out interface{ out() }

// Journal must be durable before the messages of this or any later step leave.
type Journal struct{ Entry Entry }

// Decided says what was decided; the driver answers with [Signed].
type Decided struct {
	Name  string
	Value bool
}

// Result is a decision with its proof.
type Result struct {
	Name        string `cbor:"0,keyasint"`
	Value       bool   `cbor:"1,keyasint"`
	Certificate []byte `cbor:"2,keyasint"` // threshold signature of [coin.DecidedMessage]
	Rounds      int    `cbor:"3,keyasint"` // here; 0 if it was learnt from its certificate
	Coins       int    `cbor:"4,keyasint"`

	Vote   aba.Set `cbor:"5,keyasint,omitempty"` // this node's, if it has voted
	Voters int     `cbor:"6,keyasint,omitempty"` // nodes whose vote was heard here
}

func (Journal) out()   {}
func (Decided) out()   {}
func (Combine) out()   {}
func (Certified) out() {}

// Step is a step of this protocol.
type Step = bft.Step[Msg, Out]

// Machine is all decisions of one node.
type Machine struct {
	cfg   Config
	open  []*instance // in order of first mention
	named map[string]*instance
	done  map[string]Result
	order []string // of done
	muted bool

	pruned    map[string]bool // names that were decided and forgotten
	prunedAge []string        // the same, oldest first

	replaying bool // from New to Resume
}

var _ bft.Machine[In, Msg, Out] = (*Machine)(nil)

// New returns a machine without decisions; [Known] and [Machine.Replay] bring an
// earlier run's back, then [Resume].
func New(cfg Config) *Machine {
	return &Machine{cfg: cfg, named: map[string]*instance{}, done: map[string]Result{}, pruned: map[string]bool{}, replaying: true}
}

// Input takes the driver's word.
func (m *Machine) Input(in In) (Step, error) {
	var s Step
	var err error
	switch in := in.(type) {
	case Vote:
		err = m.vote(&s, in)
	case Signed:
		if i := m.named[in.Name]; i != nil && !m.replaying {
			s.Broadcast(Msg{Name: in.Name, Cert: in.Share})
		}
	case BadShares:
		m.badShares(&s, in)
	case Certified:
		m.known(&s, in.Result)
	case Mute:
		m.muted = in.On
	case Known:
		m.known(&s, in.Result)
	case Prune:
		err = m.prune(in.Name)
	case Resume:
		m.replaying = false
	}
	return s, err
}

// Handle takes a message.
func (m *Machine) Handle(from bft.ID, msg Msg) Step {
	var s Step
	if err := msg.Check(); err != nil {
		s.Blame(from, err)
		return s
	}
	if _, done := m.done[msg.Name]; done || m.pruned[msg.Name] {
		return s
	}
	i := m.instance(from, msg.Name)
	if i == nil {
		return s
	}
	if i.barred {
		if !i.noted {
			i.noted = true
			s.Emit(Journal{Entry{Name: msg.Name, From: from, Barred: true}})
		}
		return s
	}
	if len(msg.Cert) > 0 {
		i.recordCert(&s, from, msg.Cert)
		m.combine(&s, i)
		return s
	}
	step := i.agreement.Handle(from, msg.ABA)
	if from != m.cfg.Self && !step.Stale {
		s.Emit(Journal{Entry{Name: msg.Name, From: from, Msg: msg.ABA}})
	}
	m.absorb(&s, i, step)
	return s
}

// Done is never true: there may always be another name.
func (m *Machine) Done() bool { return false }

// Replay makes a call of an earlier run again.
func (m *Machine) Replay(e Entry) (Step, error) {
	var s Step
	if _, done := m.done[e.Name]; done {
		return s, nil
	}
	v, own := e.Vote.Single()
	from := e.From
	if own {
		from = m.cfg.Self
	}
	i := m.instance(from, e.Name)
	if i == nil {
		return s, fmt.Errorf("%w: replay of %q", ErrTooMany, e.Name)
	}
	if e.Barred {
		i.barred, i.noted = true, true
		return s, nil
	}
	if !own {
		m.absorb(&s, i, i.agreement.Handle(from, e.Msg))
		return s, nil
	}
	return s, m.input(&s, i, v)
}

func (m *Machine) vote(s *Step, in Vote) error {
	if err := CheckName(in.Name); err != nil {
		return err
	}
	if r, done := m.done[in.Name]; done {
		return m.tooLate(r, in)
	}
	if m.pruned[in.Name] {
		return fmt.Errorf("%w: %q", ErrPruned, in.Name)
	}
	i := m.named[in.Name]
	if m.muted || i != nil && i.barred {
		return ErrSilent
	}
	if i != nil && i.vote != aba.None {
		if i.vote != aba.Of(in.Value) {
			return fmt.Errorf("%w on %q", ErrVoted, in.Name)
		}
		return nil
	}
	if len(m.done)+len(m.open) >= MaxDecided {
		return ErrFull
	}
	if m.votes() >= MaxVotes {
		return fmt.Errorf("%w: %d with this node's vote", ErrTooMany, MaxVotes)
	}
	if i = m.instance(m.cfg.Self, in.Name); i == nil {
		return ErrTooMany
	}
	s.Emit(Journal{Entry{Name: in.Name, Vote: aba.Of(in.Value), From: m.cfg.Self}})
	return m.input(s, i, in.Value)
}

// tooLate answers a vote after the decision: a repeat is nothing.
func (m *Machine) tooLate(r Result, in Vote) error {
	switch r.Vote {
	case aba.None:
		return fmt.Errorf("%w: %q", ErrDecided, in.Name)
	case aba.Of(in.Value):
		return nil
	}
	return fmt.Errorf("%w on %q", ErrVoted, in.Name)
}

func (m *Machine) input(s *Step, i *instance, v bool) error {
	step, err := i.agreement.Input(v)
	if err != nil {
		return err
	}
	i.vote = aba.Of(v)
	m.absorb(s, i, step)
	return nil
}

// votes counts the open decisions with this node's vote.
func (m *Machine) votes() int {
	n := 0
	for _, i := range m.open {
		if i.vote != aba.None {
			n++
		}
	}
	return n
}

// instance gives the open decision of a name, and makes it unless from has spoken
// of more names than a correct node can.
func (m *Machine) instance(from bft.ID, name string) *instance {
	i := m.named[name]
	if i != nil {
		i.speakers.Add(from)
		return i
	}
	spoken := 0
	for _, o := range m.open {
		if o.speakers.Has(from) {
			spoken++
		}
	}
	if spoken >= MaxVotes*m.cfg.Quorum.All() || len(m.done)+len(m.open) >= MaxDecided {
		return nil
	}
	i = m.newInstance(name)
	i.speakers.Add(from)
	m.named[name] = i
	m.open = append(m.open, i)
	return i
}

// known enters a certified result and closes the instance.
func (m *Machine) known(s *Step, r Result) {
	if _, done := m.done[r.Name]; done || m.pruned[r.Name] {
		return
	}
	if i := m.named[r.Name]; i != nil {
		r.Rounds, r.Coins, r.Vote, r.Voters = i.agreement.Rounds(), i.agreement.Coins(), i.vote, i.agreement.Voters()
		delete(m.named, r.Name)
		m.open = slices.DeleteFunc(m.open, func(o *instance) bool { return o == i })
	}
	m.done[r.Name] = r
	m.order = append(m.order, r.Name)
	if !m.replaying {
		s.Emit(Certified{r})
	}
}

func (m *Machine) prune(name string) error {
	if _, done := m.done[name]; !done {
		return fmt.Errorf("%w: %q is not decided here", ErrUnknown, name)
	}
	delete(m.done, name)
	m.order = slices.DeleteFunc(m.order, func(n string) bool { return n == name })
	// A message of it that comes late would open it again, for ever: nobody else
	// speaks of it any more.
	m.pruned[name] = true
	m.prunedAge = append(m.prunedAge, name)
	if len(m.prunedAge) > MaxDecided {
		delete(m.pruned, m.prunedAge[0])
		m.prunedAge = m.prunedAge[1:]
	}
	return nil
}
