package coin

import (
	"bytes"
	"errors"
	"fmt"

	"abad/bft"
)

// In is what the owner of a coin asks for.
type In uint8

const (
	// Release sends this node's share to everyone, once. From f+1 releases on
	// the adversary knows the coin, so it must be unable to use it by then.
	Release In = 1 + iota
	// Reveal asks for the value, as soon as there are enough shares. Until then
	// shares are recorded and nothing is computed.
	Reveal
)

func (in In) String() string {
	switch in {
	case Release:
		return "release"
	case Reveal:
		return "reveal"
	}
	return fmt.Sprintf("coin(%d)", uint8(in))
}

// Msg is the one message: the sender's signature share on the coin's name.
type Msg []byte

// Step is a step of this protocol.
type Step = bft.Step[Msg, bool]

// Errors of a local caller, and reasons of a fault beside [ErrBadShare].
var (
	ErrInput    = errors.New("coin: unknown input")
	ErrConflict = errors.New("coin: a second, different share")
)

// Machine is one common coin at one node.
type Machine struct {
	quorum bft.Quorum
	signer Signer
	name   []byte

	released, revealed bool

	shares   [][]byte  // by sender; the first one wins
	recorded int       // how many are here
	good     bft.IDSet // senders whose share was checked on its own and is right
	bad      bft.IDSet // and is wrong

	known, value bool
}

var _ bft.Machine[In, Msg, bool] = (*Machine)(nil)

// New returns the coin with this name, the message that is signed for it. The
// caller leaves name alone afterwards.
func New(quorum bft.Quorum, signer Signer, name []byte) *Machine {
	return &Machine{quorum: quorum, signer: signer, name: name}
}

// Input takes [Release] or [Reveal]; asking again for what was asked is nothing.
func (m *Machine) Input(in In) (Step, error) {
	var s Step
	switch in {
	case Release:
		if !m.released {
			m.released = true
			s.Broadcast(Msg(m.signer.Sign(m.name)))
		}
	case Reveal:
		m.revealed = true
	default:
		return s, fmt.Errorf("%w: %v", ErrInput, in)
	}
	m.settle(&s)
	return s, nil
}

// Handle takes a share.
func (m *Machine) Handle(from bft.ID, msg Msg) Step {
	var s Step
	news, err := m.record(from, msg)
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

// Done reports that the share is sent and the value was given out.
func (m *Machine) Done() bool { return m.released && m.known }

// Value is the coin, once it is known.
func (m *Machine) Value() (bit, known bool) { return m.value, m.known }

// record keeps a share, and reports whether it is news.
func (m *Machine) record(from bft.ID, msg Msg) (news bool, err error) {
	if len(msg) != SignatureSize {
		return false, fmt.Errorf("%w: %d bytes, not %d", ErrBadShare, len(msg), SignatureSize)
	}
	if m.shares == nil {
		m.shares = make([][]byte, m.quorum.All())
	}
	if first := m.shares[from]; first != nil {
		if !bytes.Equal(first, msg) {
			return false, ErrConflict
		}
		return false, nil
	}
	m.shares[from] = bytes.Clone(msg)
	m.recorded++
	return true, nil
}

// settle combines as soon as it may. Each failure finds at least one liar, so
// there are at most f of them, and no share is checked twice.
func (m *Machine) settle(s *Step) {
	for m.revealed && !m.known {
		shares := m.usable()
		if shares == nil {
			return
		}
		sig, err := m.signer.Combine(m.name, shares)
		switch {
		case err == nil:
			m.known, m.value = true, Bit(sig)
			s.Emit(m.value)
		case errors.Is(err, ErrBadShares):
			m.blame(s, shares)
		default:
			panic("coin: internal error: " + err.Error())
		}
	}
}

// usable are the first Threshold shares that are not known to be bad, nil if
// there are fewer.
func (m *Machine) usable() []Share {
	threshold := m.signer.Threshold()
	if m.recorded-m.bad.Len() < threshold {
		return nil
	}
	shares := make([]Share, 0, threshold)
	for i, sig := range m.shares {
		if from := bft.ID(i); len(shares) < threshold && sig != nil && !m.bad.Has(from) {
			shares = append(shares, Share{From: from, Sig: sig})
		}
	}
	return shares
}

// blame checks one by one the shares that did not combine.
func (m *Machine) blame(s *Step, shares []Share) {
	found := false
	for _, share := range shares {
		if m.good.Has(share.From) {
			continue
		}
		if err := m.signer.VerifyShare(share.From, m.name, share.Sig); err != nil {
			found = true
			m.bad.Add(share.From)
			s.Blame(share.From, err)
			continue
		}
		m.good.Add(share.From)
	}
	if !found {
		panic("coin: internal error: good shares do not combine")
	}
}
