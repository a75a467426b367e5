package ledger

import (
	"errors"
	"fmt"

	"abad/acs"
	"abad/batch"
	"abad/bft"
	"abad/coin"
)

// Limits of a ledger.
const (
	// DefaultEpochs is K, how many epochs may be open at once.
	DefaultEpochs = 12
	// OrphanAge is how many blocks another maker's batch must have missed before
	// this node lists it.
	OrphanAge = 2
	// MaxBatches and MaxValues bound a block: it is written at once, and its values'
	// ids are in memory together. They are far beyond what makers are allowed to
	// have under way in sensible use.
	MaxBatches = 4096
	MaxValues  = 1 << 20
	// MaxUncertified is how many committed epochs may wait for their certificates
	// before no further one is opened: their state is kept until then. A correct
	// cluster is at most a few behind.
	MaxUncertified = 256
)

// Config says whose ledger it is. Epochs 0 means [DefaultEpochs].
type Config struct {
	Quorum  bft.Quorum
	Self    bft.ID
	Cluster bft.Hash
	Era     uint64
	Roster  bft.Hash
	Epochs  int
	Signer  coin.Signer
}

// In is what the driver says: [Clock], [Hold], [Link], [Hurried], [Rested], [Signed],
// [BadShares], [Certified], [Adopt], [Mute] or [Resume].
type In interface{ in() }

// Clock tells the time, Unix milliseconds. It goes into headers and nowhere else.
type Clock struct{ Now uint64 }

// Hold says that a batch is in the local store, durably before anything is sent that
// the ledger says from now on. Values are its ids.
type Hold struct {
	Digest bft.Hash
	Maker  bft.ID
	Values []batch.ValueID
}

// Link says whether a peer seems reachable.
type Link struct {
	Peer bft.ID
	Up   bool
}

// Hurried answers [Linger].
type Hurried struct{ Epoch uint64 }

// Rested answers [Opened]: the next epoch may be opened. When to say so is a matter
// of load alone. Said at once, epochs follow each other as closely as the rules allow.
type Rested struct{}

// Mute keeps this node out of all epochs up to Until: it neither votes nor counts
// votes there, and gets their blocks by [Adopt] alone. For a node that has lost
// its journal, and so does not know what it has said. A later Mute replaces it.
type Mute struct{ Until uint64 }

// Resume ends a replay: the ledger takes up what the journal does not decide.
type Resume struct{}

func (Clock) in()     {}
func (Hold) in()      {}
func (Link) in()      {}
func (Hurried) in()   {}
func (Rested) in()    {}
func (Signed) in()    {}
func (BadShares) in() {}
func (Certified) in() {}
func (Adopt) in()     {}
func (Mute) in()      {}
func (Resume) in()    {}

// Out is what the driver learns: [Journal], [Opened], [Linger], [Want],
// [Committed], [Combine] or [Certified].
type Out interface{ out() }

// Journal must be durable before the messages of this or any later step leave.
type Journal struct {
	Epoch uint64
	Entry Entry
}

// Opened says that this node has proposed in an epoch. It asks for [Rested], without
// which this node opens no further one of its own accord.
type Opened struct{ Epoch uint64 }

// Linger says that enough slots of an epoch are settled. It asks for [Hurried] after a
// few times as long as that took, without which no other is voted out.
type Linger struct{ Epoch uint64 }

// Want asks for a batch that Lister's header lists. If Decided, a block needs it:
// it is held by f+1 correct nodes and must be fetched whatever it takes.
type Want struct {
	Epoch   uint64 // once it is committed, the batch is no longer wanted
	Digest  bft.Hash
	Lister  bft.ID
	Decided bool
}

// Committed is the next block, and the ids of its values in order.
type Committed struct {
	Block  *Block
	Values []batch.ValueID
}

func (Journal) out()   {}
func (Opened) out()    {}
func (Linger) out()    {}
func (Want) out()      {}
func (Committed) out() {}
func (Combine) out()   {}
func (Certified) out() {}

// ErrInput is a caller's input that does not fit the ledger's state.
var ErrInput = errors.New("ledger: input does not fit")

// Step is a step of this protocol.
type Step = bft.Step[Msg, Out]

// Machine is the ledger of one node.
type Machine struct {
	cfg Config
	now uint64
	up  bft.IDSet // peers whose link is up

	tip       tip
	certified uint64 // every block up to here has its certificate
	muted     uint64 // no part is taken in epochs up to here
	recent    *recent
	bench     *bench

	tired  bool     // an epoch was opened, and the driver has not said Rested
	opened uint64   // the last epoch that this node proposed in
	epochs []*epoch // certified+1, ... in order; those that anything is known of
	pool   pool

	replaying bool // from New to Resume: the journal speaks, no rule does
}

// tip is the last block.
type tip struct {
	height, time uint64
	hash         bft.Hash
}

var _ bft.Machine[In, Msg, Out] = (*Machine)(nil)

// New returns an empty ledger. What the store has of an earlier run comes first:
// [Machine.Restore] its blocks, [Hold] its batches, [Machine.Replay] its journal.
// Then, and on a fresh node at once, [Resume].
func New(cfg Config) *Machine {
	if cfg.Epochs == 0 {
		cfg.Epochs = DefaultEpochs
	}
	return &Machine{
		cfg:    cfg,
		recent: newRecent(),
		bench:  newBench(cfg.Quorum, uint64(cfg.Epochs)),
		pool:   newPool(),

		replaying: true,
	}
}

// Input takes the driver's word.
func (m *Machine) Input(in In) (Step, error) {
	var s Step
	var err error
	switch in := in.(type) {
	case Clock:
		m.now = in.Now
		return s, nil
	case Hold:
		m.hold(&s, in)
	case Link:
		m.link(in)
	case Hurried:
		if ep := m.known(in.Epoch); ep != nil {
			m.call(&s, ep, Entry{Kind: Hurry})
		}
	case Rested:
		m.tired, m.pool.changed = false, true
	case Signed:
		err = m.signed(&s, in)
	case BadShares:
		m.badShares(&s, in)
	case Certified:
		err = m.certify(&s, in)
	case Adopt:
		err = m.adopt(&s, in)
	case Mute:
		m.muted, m.pool.changed = in.Until, true
	case Resume:
		m.resumed(&s)
	}
	m.settle(&s)
	return s, err
}

// Handle takes a message.
func (m *Machine) Handle(from bft.ID, msg Msg) Step {
	var s Step
	if err := msg.Check(m.cfg.Quorum); err != nil {
		s.Blame(from, err)
		return s
	}
	if msg.Epoch <= m.certified {
		return s
	}
	if msg.Epoch > m.tip.height+uint64(m.cfg.Epochs) {
		s.Blame(from, fmt.Errorf("%w: %d with %d committed", ErrAhead, msg.Epoch, m.tip.height))
		return s
	}
	ep := m.epoch(msg.Epoch)
	if msg.Cert.IsZero() && msg.Epoch <= m.muted {
		return s
	}
	if msg.Cert.IsZero() {
		m.call(&s, ep, Entry{Kind: Message, Node: from, Msg: msg.ACS})
	} else {
		m.recordCert(&s, ep, from, msg.Cert)
	}
	m.settle(&s)
	return s
}

// Done is never true: a log has no end.
func (m *Machine) Done() bool { return false }

// settle applies the rules between epochs until none applies.
func (m *Machine) settle(s *Step) {
	if m.replaying {
		return
	}
	for m.commit(s) || m.open(s) {
	}
}

// Height is the number of the last block, Hash its hash.
func (m *Machine) Height() uint64 { return m.tip.height }

// Hash is the last block's hash; zero before the first.
func (m *Machine) Hash() bft.Hash { return m.tip.hash }

// CertifiedHeight is the last block up to which every block has its certificate.
func (m *Machine) CertifiedHeight() uint64 { return m.certified }

// Open lists the epochs that this node has proposed in and not committed.
func (m *Machine) Open() []uint64 {
	var list []uint64
	for e := max(m.tip.height, m.muted) + 1; e <= m.opened; e++ {
		list = append(list, e)
	}
	return list
}

// Slots gives the state of an epoch's slots, nil where nothing is known of it.
func (m *Machine) Slots(epoch uint64) []acs.Slot {
	ep := m.known(epoch)
	if ep == nil {
		return nil
	}
	list := make([]acs.Slot, 0, len(ep.slots))
	for id := range m.cfg.Quorum.IDs() {
		list = append(list, ep.acs.Slot(id))
	}
	return list
}

// Epoch gives the epoch in which a value of the recent log entered it.
func (m *Machine) Epoch(id batch.ValueID) (uint64, bool) {
	return m.recent.epochOf(id)
}

// Logged reports whether a batch is in the recent log.
func (m *Machine) Logged(d bft.Hash) bool {
	_, logged := m.recent.batches[d]
	return logged
}

// Muted is the epoch up to which this node keeps silent.
func (m *Machine) Muted() uint64 { return m.muted }

// Waiting counts the held batches that are in no block.
func (m *Machine) Waiting() int { return len(m.pool.waiting) }

// Orphans counts those of other makers that [OrphanAge] blocks have passed by, so
// that this node lists them too.
func (m *Machine) Orphans() (count int) {
	for _, b := range m.pool.waiting {
		if b.maker != m.cfg.Self && m.orphaned(b) {
			count++
		}
	}
	return count
}
