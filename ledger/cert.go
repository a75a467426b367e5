package ledger

import (
	"fmt"
	"slices"

	"abad/bft"
	"abad/codec"
	"abad/coin"
)

// Signed gives this node's shares for a block that it has committed.
type Signed struct {
	Epoch uint64
	Cert  Cert
}

// Combine asks for the certificate: combine the shares, verify the result once,
// answer [Certified]; if that fails verify them one by one, answer [BadShares].
// The beacon is checked like the certificate.
type Combine struct {
	Epoch  uint64
	Hash   bft.Hash
	Block  []coin.Share
	Beacon []coin.Share
}

// BadShares names the senders of shares that do not verify.
type BadShares struct {
	Epoch uint64
	Peers []bft.ID
}

// Certified is a verified certificate. As an output it says that it has become
// part of the log, and that all up to it may be forgotten.
type Certified struct {
	Epoch       uint64
	Certificate Certificate
}

// Certificate proves a block to whoever has the group's public key, and carries
// the epoch's beacon.
type Certificate struct {
	Block  []byte `cbor:"0,keyasint"` // threshold signature of [coin.BlockMessage]
	Beacon []byte `cbor:"1,keyasint"` // threshold signature of [coin.BeaconMessage]
}

// certificate is an epoch's certificate in the making.
type certificate struct {
	hash      bft.Hash // the block's, once it is committed
	shares    []Cert   // per node
	from      bft.IDSet
	bad       bft.IDSet
	combining bool
	done      *Certificate
}

func (m *Machine) coinName(epoch uint64) func(bft.ID, uint32) []byte {
	return func(slot bft.ID, round uint32) []byte {
		return coin.EpochMessage(m.cfg.Cluster, m.cfg.Era, epoch, slot, round)
	}
}

func (m *Machine) signed(s *Step, in Signed) error {
	if in.Epoch > m.tip.height {
		return fmt.Errorf("%w: shares for block %d of %d", ErrInput, in.Epoch, m.tip.height)
	}
	if in.Epoch > m.certified {
		s.Broadcast(Msg{Epoch: in.Epoch, Cert: in.Cert})
	}
	return nil
}

// recordCert keeps a peer's first share, unverified.
func (m *Machine) recordCert(s *Step, ep *epoch, from bft.ID, c Cert) {
	if ep.cert.shares == nil {
		ep.cert.shares = make([]Cert, m.cfg.Quorum.All())
	}
	if !ep.cert.from.Add(from) {
		if kept := ep.cert.shares[from]; !slices.Equal(kept.Block, c.Block) || !slices.Equal(kept.Beacon, c.Beacon) {
			s.Blame(from, ErrConflict)
		}
		return
	}
	ep.cert.shares[from] = c
	m.combine(s, ep)
}

// combine asks for the certificate when the block is known and shares suffice.
func (m *Machine) combine(s *Step, ep *epoch) {
	c := &ep.cert
	if c.hash.IsZero() || c.combining || c.done != nil || c.from.Len()-c.bad.Len() < m.cfg.Quorum.Amplify() {
		return
	}
	c.combining = true
	out := Combine{Epoch: ep.number, Hash: ep.cert.hash}
	for id := range c.from.All() {
		if len(out.Block) < m.cfg.Quorum.Amplify() && !c.bad.Has(id) {
			out.Block = append(out.Block, coin.Share{From: id, Sig: c.shares[id].Block})
			out.Beacon = append(out.Beacon, coin.Share{From: id, Sig: c.shares[id].Beacon})
		}
	}
	s.Emit(out)
}

func (m *Machine) badShares(s *Step, in BadShares) {
	ep := m.known(in.Epoch)
	if ep == nil {
		return
	}
	ep.cert.combining = false
	for _, id := range in.Peers {
		if ep.cert.bad.Add(id) {
			s.Blame(id, ErrBadShare)
		}
	}
	m.combine(s, ep)
}

// certify takes in a verified certificate, and forgets the epochs that are
// certified without a gap.
func (m *Machine) certify(s *Step, in Certified) error {
	if in.Epoch > m.tip.height {
		return fmt.Errorf("%w: certificate for block %d of %d", ErrInput, in.Epoch, m.tip.height)
	}
	ep := m.known(in.Epoch)
	if ep == nil || ep.cert.done != nil {
		return nil
	}
	ep.cert.done = &in.Certificate
	s.Emit(in)
	for len(m.epochs) > 0 && m.epochs[0].cert.done != nil {
		m.pool.giveUp(m.epochs[0])
		m.epochs[0] = nil
		m.epochs = m.epochs[1:]
		m.certified++
	}
	m.pool.changed = true
	return nil
}

// Encode gives the certificate's bytes in the store.
func (c Certificate) Encode() []byte { return codec.Marshal(c) }
