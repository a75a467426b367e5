package decision

import (
	"bytes"

	"abad/aba"
	"abad/bft"
	"abad/coin"
)

// Signed gives this node's share of the certificate of what was decided.
type Signed struct {
	Name  string
	Share []byte
}

// Combine asks for the certificate: combine, verify once, answer [Certified]; if
// that fails verify the shares one by one, answer [BadShares].
type Combine struct {
	Name   string
	Value  bool
	Shares []coin.Share
}

// BadShares names the senders of shares that do not verify.
type BadShares struct {
	Name  string
	Peers []bft.ID
}

// Certified is a verified certificate. As an output it says that votes on the name
// may be forgotten.
type Certified struct{ Result Result }

// instance is one open decision.
type instance struct {
	name      string
	agreement *aba.Machine
	vote      aba.Set   // this node's
	speakers  bft.IDSet // who has sent anything
	barred    bool      // heard of while this node was silent
	noted     bool      // and that is in the journal

	shares    []coin.Share // unverified, one per node
	from, bad bft.IDSet
	combining bool
}

func (m *Machine) newInstance(name string) *instance {
	return &instance{
		name:   name,
		barred: m.muted,
		agreement: aba.New(aba.Config{
			Quorum: m.cfg.Quorum, Signer: m.cfg.Signer, Bias: true, VoteFirst: true,
			CoinName: func(round uint32) []byte {
				return coin.DecisionMessage(m.cfg.Cluster, m.cfg.Era, name, round)
			},
		}),
	}
}

func (m *Machine) absorb(s *Step, i *instance, step aba.Step) {
	wrap := func(msg aba.Msg) (Msg, bool) { return Msg{Name: i.name, ABA: msg}, true }
	for _, out := range bft.Absorb(s, step, wrap) {
		s.Emit(Decided{Name: i.name, Value: out.Value})
		m.combine(s, i)
	}
}

// recordCert keeps a peer's first share, unverified.
func (i *instance) recordCert(s *Step, from bft.ID, share []byte) {
	if i.from.Add(from) {
		i.shares = append(i.shares, coin.Share{From: from, Sig: share})
		return
	}
	for _, kept := range i.shares {
		if kept.From == from && !bytes.Equal(kept.Sig, share) {
			s.Blame(from, ErrConflict)
		}
	}
}

// combine asks for the certificate when the value is known and shares suffice.
func (m *Machine) combine(s *Step, i *instance) {
	v, decided := i.agreement.Decided()
	if !decided || i.combining || i.from.Len()-i.bad.Len() < m.cfg.Quorum.Amplify() {
		return
	}
	i.combining = true
	out := Combine{Name: i.name, Value: v}
	for _, share := range i.shares {
		if len(out.Shares) < m.cfg.Quorum.Amplify() && !i.bad.Has(share.From) {
			out.Shares = append(out.Shares, share)
		}
	}
	s.Emit(out)
}

func (m *Machine) badShares(s *Step, in BadShares) {
	i := m.named[in.Name]
	if i == nil {
		return
	}
	i.combining = false
	for _, id := range in.Peers {
		if i.bad.Add(id) {
			s.Blame(id, ErrBadShare)
		}
	}
	m.combine(s, i)
}

// State of a decision.
type State string

// The states: too few votes; enough of them, or messages of the agreement under
// way; decided.
const (
	Waiting  State = "waiting"
	Deciding State = "deciding"
	Done     State = "decided"
)

// Status is what a node knows of a decision.
type Status struct {
	Name        string
	State       State
	Vote        aba.Set // this node's, if it has voted
	Voters      int     // nodes whose vote was heard
	Rounds      int
	Coins       int
	Value       bool // if decided
	Certificate []byte
}

// Lookup gives the status of a name, false if nothing was heard of it.
func (m *Machine) Lookup(name string) (Status, bool) {
	if r, done := m.done[name]; done {
		return Status{Name: name, State: Done, Vote: r.Vote, Voters: r.Voters, Rounds: r.Rounds, Coins: r.Coins, Value: r.Value, Certificate: r.Certificate}, true
	}
	i := m.named[name]
	if i == nil {
		return Status{}, false
	}
	st := Status{
		Name: name, State: Waiting, Vote: i.vote, Voters: i.agreement.Voters(),
		Rounds: i.agreement.Rounds(), Coins: i.agreement.Coins(),
	}
	if st.Voters >= m.cfg.Quorum.Wait() {
		st.State = Deciding
	}
	if v, decided := i.agreement.Decided(); decided {
		st.State, st.Value = Done, v
	}
	return st, true
}

// Pruned reports whether a name was decided and pruned by this machine.
func (m *Machine) Pruned(name string) bool { return m.pruned[name] }

// List gives the decisions, open ones first, each in order of first mention, from
// place on, at most limit of them.
func (m *Machine) List(from, limit int) (list []Status, total int) {
	total = len(m.open) + len(m.order)
	for k := from; k < total && len(list) < limit; k++ {
		var name string
		if k < len(m.open) {
			name = m.open[k].name
		} else {
			name = m.order[k-len(m.open)]
		}
		st, _ := m.Lookup(name)
		list = append(list, st)
	}
	return list, total
}

// Unfinished lists the decisions without certificate that this node takes part in, or
// that a correct peer speaks of: what a driver may ask peers about.
func (m *Machine) Unfinished() []string {
	var names []string
	for _, i := range m.open {
		if i.vote != aba.None || i.barred || i.speakers.Len() >= m.cfg.Quorum.Amplify() {
			names = append(names, i.name)
		}
	}
	return names
}
