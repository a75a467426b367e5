package sim

import (
	"slices"

	"abad/bft"
	"abad/coin"
	"abad/coin/cointest"
	"abad/ledger"
)

// world is a cluster, its network and its adversary, in the course of a run.
type world struct {
	plan  *plan
	dice  *dice
	n     int
	nodes []*node

	cluster, roster bft.Hash
	signers         []coin.Signer
	verifier        coin.Verifier

	pool  pool
	sched *scheduler
	gens  []uint16 // per pair of nodes: which link is the present one
	faults

	msgs    *letters
	raw     [][]byte
	jobs    []job
	pulls   []pull
	resting []event // searches in vain
	changes int     // how often somebody stored a batch or came up

	batches []bundle
	numbers map[bft.Hash]int
	newest  uint64 // values made
	client  client

	step    int
	durable bool  // journals are kept: some node will crash
	inside  *node // whose ledger is being called
	facts   facts
	failure *Failure
	digest  uint64
	stats   Stats
	tracer  *tracer
	meter   *meter
	broken  error
}

// client submits values.
type client struct {
	tallest uint64 // the highest correct node
	next    int    // the step of a batch that waits for no block
	stalls  int
}

func newWorld(o Options, msgs *letters) *world {
	d := newDice(o.Seed)
	p := draw(o, d)
	n := p.quorum.All()
	signers := cointest.Signers(n, p.quorum.Amplify(), o.Seed)
	w := &world{
		plan: p, dice: d, n: n, msgs: msgs, gens: make([]uint16, n*n), numbers: map[bft.Hash]int{},
		cluster: bft.Hash{1}, roster: bft.Hash{2},
		signers: coins(o.Coin, signers), verifier: signers[0].(coin.Verifier),
		durable: len(p.disturb) > 0,
	}
	w.faults.queue = slices.Clone(p.disturb)
	w.facts.init(w)
	w.tracer = newTracer(w, o)
	w.build()
	w.sched = newScheduler(w, p.adversary)
	w.pool.leak, w.pool.fifo = p.leak, w.sched.fifo
	return w
}

// build makes the nodes.
func (w *world) build() {
	w.nodes = w.nodes[:0]
	for id := range w.plan.quorum.IDs() {
		w.nodes = append(w.nodes, newNode(w, id))
	}
	for id, names := range w.plan.liars {
		if names != nil {
			w.nodes[id].liar = newLiar(w.nodes[id], names)
		}
	}
}

// start brings all nodes and links up.
func (w *world) start() {
	for _, n := range w.nodes {
		n.input(ledger.Clock{Now: w.clock(n)})
		n.input(ledger.Resume{})
	}
	for a := range w.n {
		for b := range a {
			w.connect(bft.ID(a), bft.ID(b))
		}
	}
}

// clock is a node's: as wrong as it likes, but it goes forward.
func (w *world) clock(n *node) uint64 {
	return 1_000_000*uint64(n.id*n.id+1) + uint64(w.step)
}

// post puts a message on its way.
func (w *world) post(from, to bft.ID, p parcel, epoch uint64) {
	w.stats.Messages++
	if w.meter != nil {
		w.meter.sent(w, from, to, p)
	}
	w.send(event{
		kind: evMessage, from: uint8(from), to: uint8(to), depth: p.depth,
		epoch: uint32(min(epoch, 1<<32-1)), ref: p.ref,
	})
}

// send puts an event on the present link between its nodes.
func (w *world) send(e event) {
	e.gen = w.gens[int(e.from)*w.n+int(e.to)]
	e.sent = uint32(w.step)
	w.add(e)
}

// later is an event of a node to itself in its present life.
func (w *world) later(n *node, e event) {
	e.from, e.to, e.gen, e.depth = uint8(n.id), uint8(n.id), n.life, n.depth
	e.sent = uint32(w.step)
	w.add(e)
}

func (w *world) add(e event) { w.pool.add(w.sched.lane(&e), e) }

// void reports that nothing comes of an event: its link or its node's life is over,
// or the sender has forgotten what it had not handed over.
func (w *world) void(e *event) bool {
	if w.nodes[e.to].m == nil {
		return true
	}
	if e.from == e.to {
		return e.gen != w.nodes[e.to].life
	}
	if e.gen != w.gens[int(e.from)*w.n+int(e.to)] {
		return true
	}
	sender := w.nodes[e.from]
	return e.kind == evMessage && w.plan.forget && sender.liar == nil && uint64(e.epoch) <= sender.disk.certified
}

// deliver makes an event happen.
func (w *world) deliver(e event) {
	if w.void(&e) {
		return
	}
	w.step++
	w.mark(&e)
	if e.kind == evMessage && !e.again && w.dice.oneIn(w.plan.twice) {
		again := e
		again.again = true
		w.add(again)
	}
	n, from := w.nodes[e.to], bft.ID(e.from)
	if n.liar != nil && n.liar.deaf && e.from != e.to {
		return
	}
	n.depth = e.depth
	if w.tracer != nil {
		w.tracer.event(&e)
	}
	switch e.kind {
	case evMessage:
		w.heardAux(n, w.msgs.at(e.ref))
		n.receive(from, w.msgs.at(e.ref))
	case evBytes:
		if msg, err := ledger.Decode(w.plan.quorum, w.raw[e.ref]); err != nil {
			w.blamed(n, bft.Fault{Peer: from, Why: err})
		} else {
			w.heardAux(n, &msg)
			n.receive(from, &msg)
		}
	case evPosition:
		w.nodes[from].peers[n.id].noted = false
		n.heard(from, w.nodes[from].position())
	case evPush:
		n.hold(int(e.ref))
	case evPull:
		n.pull(e.ref)
	case evHurry:
		n.input(ledger.Hurried{Epoch: uint64(e.epoch)})
	case evRest:
		n.input(ledger.Rested{})
	case evTick:
		n.ticking = false
		n.finish()
		return
	case evCertifier:
		n.certifierDone(w.jobs[e.ref])
	case evFollow:
		n.fetch()
	}
	n.endTick()
}

// mark takes an event into the digest of the trace.
func (w *world) mark(e *event) {
	h := uint64(e.kind)<<56 | uint64(e.from)<<48 | uint64(e.to)<<40 | uint64(e.depth)<<24 | uint64(uint32(e.ref))
	if e.kind == evMessage {
		m := &w.msgs.at(e.ref).ACS
		h ^= uint64(e.epoch)<<16 ^ uint64(m.Slot)<<52 ^ uint64(m.ABA.Round)<<44 ^ uint64(m.ABA.Values)<<36 ^ uint64(m.ABA.Kind)<<32
	}
	w.digest = mix(w.digest ^ h)
}
