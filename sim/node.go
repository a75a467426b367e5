package sim

import (
	"abad/bft"
	"abad/ledger"
)

// maxSelf is how many messages to itself a node may answer with more of them: one
// step can end all slots of an epoch, with a few messages each.
const maxSelf = 1 << 16

// node is a simulated driver (package node has the real one): it gives the ledger
// what comes, makes its journal durable, and only then sends.
type node struct {
	w    *world
	id   bft.ID
	m    *ledger.Machine // nil while the node is down
	life uint16          // counts the restarts
	liar *liar           // nil at a correct node

	disk  disk
	out   outbox
	peers []peer
	tick  tick
	self  []ledger.Msg // to itself, not handled yet
	depth uint16       // of what is being handled

	ticking   bool   // evTick is on its way
	following bool   // evFollow is on its way
	asked     int    // peers asked in vain since
	opened    uint64 // the last epoch opened in this life
}

// peer is another node as this one sees it.
type peer struct {
	at    position
	up    bool
	noted bool // evPosition to it is on its way
}

// position is how far a node is, as it tells others.
type position struct{ committed, certified uint64 }

// tick is what has been decided since the last sync.
type tick struct {
	journal []record
	blocks  []ledger.Committed
	certs   []ledger.Certified
	send    []parcel
}

func newNode(w *world, id bft.ID) *node {
	n := &node{w: w, id: id, peers: make([]peer, w.n)}
	n.out.next = w.n
	n.m = ledger.New(n.config())
	return n
}

func (n *node) config() ledger.Config {
	return ledger.Config{
		Quorum: n.w.plan.quorum, Self: n.id, Cluster: n.w.cluster, Era: 1, Roster: n.w.roster,
		Epochs: n.w.plan.window, Signer: n.w.signers[n.id],
	}
}

// correct reports whether the checkers care for what this node does.
func (n *node) correct() bool { return n.liar == nil }

// input gives the ledger an input. An error is a safety failure: somebody made
// the node believe what contradicts its log.
func (n *node) input(in ledger.In) {
	n.w.inside = n
	step, err := n.m.Input(in)
	n.w.inside = nil
	if err != nil && n.correct() {
		n.w.fail(Safety, "a node's own log", "node %d: %T: %v", n.id, in, err)
	}
	n.absorb(step)
}

// receive handles a message of a peer.
func (n *node) receive(from bft.ID, msg *ledger.Msg) {
	n.w.inside = n
	step := n.m.Handle(from, *msg)
	n.w.inside = nil
	n.absorb(step)
}

// absorb sorts a step, then handles what the node says to itself, to the end, as
// the driver does: by this order alone a replay finds its way again.
func (n *node) absorb(step ledger.Step) {
	n.sort(step)
	for i := 0; i < len(n.self); i++ {
		if i == maxSelf {
			n.w.fail(Liveness, "the cluster comes to rest", "node %d talks to itself without end", n.id)
			break
		}
		n.w.inside = n
		step := n.m.Handle(n.id, n.self[i])
		n.w.inside = nil
		n.sort(step)
	}
	n.self = n.self[:0]
}

func (n *node) sort(step ledger.Step) {
	for _, f := range step.Faults {
		n.w.blamed(n, f)
	}
	for i := range step.Send {
		e := &step.Send[i]
		if e.To == bft.Everyone || e.To == n.id {
			n.self = append(n.self, e.Msg)
		}
		if e.To != n.id {
			ref := n.w.msgs.add(&e.Msg)
			n.tick.send = append(n.tick.send, parcel{ref: ref, to: int16(e.To), depth: n.depth + 1})
		}
	}
	for _, out := range step.Out {
		n.output(out)
	}
}

func (n *node) output(out ledger.Out) {
	switch out := out.(type) {
	case ledger.Journal:
		if n.w.durable {
			n.tick.journal = append(n.tick.journal, record{out.Epoch, out.Entry})
		}
		n.disk.entries++
	case ledger.Opened:
		n.opened = out.Epoch
		n.w.openedEpoch(n, out.Epoch)
		n.w.later(n, event{kind: evRest})
	case ledger.Linger:
		n.w.later(n, event{kind: evHurry, epoch: uint32(out.Epoch)})
	case ledger.Want:
		n.want(out)
	case ledger.Committed:
		n.tick.blocks = append(n.tick.blocks, out)
		n.w.committed(n, out)
	case ledger.Combine:
		n.w.job(n, job{combine: out})
	case ledger.Certified:
		n.tick.certs = append(n.tick.certs, out)
		n.w.certified(n, out)
	}
}

// endTick syncs and sends now, or leaves that for later.
func (n *node) endTick() {
	if n.ticking {
		return
	}
	if n.w.dice.oneIn(n.w.plan.sync) {
		n.ticking = true
		n.w.later(n, event{kind: evTick})
		return
	}
	n.finish()
}

// finish makes the tick durable and then sends. A tick that says nothing waits
// with its sync for the next one that does.
func (n *node) finish() {
	t := &n.tick
	moved := false
	if len(t.send)+len(t.blocks) > 0 {
		moved = len(t.blocks) > 0
		n.disk.persist(t, len(t.journal), len(t.blocks))
		for _, c := range t.blocks {
			if e := c.Block.Header.Epoch; e > n.m.CertifiedHeight() {
				n.w.job(n, job{sign: true, epoch: e, hash: c.Block.Hash()})
			}
		}
		t.journal, t.blocks = t.journal[:0], t.blocks[:0]
	}
	if len(t.certs) > 0 && n.archive() {
		moved = true
	}
	if moved {
		n.announce()
	}
	n.dispatch()
}

// archive stores the certificates whose blocks are durable, and forgets what they
// make unnecessary.
func (n *node) archive() (moved bool) {
	t := &n.tick
	keep := t.certs[:0]
	for _, c := range t.certs {
		if c.Epoch > n.disk.height() {
			keep = append(keep, c)
			continue
		}
		n.disk.certify(c)
	}
	t.certs = keep
	before := n.disk.certified
	n.disk.certified = min(n.m.CertifiedHeight(), n.disk.certifiedRun())
	if n.disk.certified == before {
		return false
	}
	n.disk.trim()
	n.out.release(n.disk.certified)
	return true
}

func (n *node) position() position {
	if n.liar != nil && n.liar.boast > 0 {
		return position{n.disk.height() + n.liar.boast, n.disk.certified + n.liar.boast}
	}
	return position{n.disk.height(), n.disk.certified}
}

// announce puts this node's position on its way to every peer.
func (n *node) announce() {
	for id := range n.peers {
		if p := &n.peers[id]; p.up && !p.noted {
			p.noted = true
			n.w.send(event{kind: evPosition, from: uint8(n.id), to: uint8(id)})
		}
	}
}

// heard takes a peer's position: what waited for it goes, and if the peer has
// certified more there is something to fetch.
func (n *node) heard(from bft.ID, at position) {
	n.peers[from].at = at
	n.pump(from)
	if at.certified > n.disk.certified {
		n.follow()
	}
}
