package sim

import (
	"encoding/binary"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
)

// bundle is a batch as the simulation knows it: its bytes matter to no protocol.
type bundle struct {
	digest bft.Hash
	maker  bft.ID
	values []batch.ValueID
	hidden []bool // nodes that the faulty maker does not give it to
}

// submit makes a batch of new values, and now and then a value that a client
// submits again at another node, at a node that is up.
func (w *world) submit() {
	at := w.dice.below(w.n)
	for i := range w.n {
		n := w.nodes[(at+i)%w.n]
		if n.m == nil || n.liar != nil && n.liar.mute {
			continue
		}
		w.submitAt(n)
		return
	}
}

func (w *world) submitAt(n *node) {
	b := bundle{maker: n.id}
	for range 1 + w.dice.below(3) {
		id := w.newest
		if w.dice.oneIn(w.plan.retry) && id > 0 {
			id = uint64(w.dice.below(int(id)))
		} else {
			w.newest++
		}
		var v batch.ValueID
		binary.BigEndian.PutUint64(v[:], id)
		b.values = append(b.values, v)
	}
	for i := 0; i < len(b.digest); i += 8 {
		binary.BigEndian.PutUint64(b.digest[i:], w.dice.src.Uint64())
	}
	number := len(w.batches)
	if n.liar != nil {
		b.hidden = n.liar.hide()
	}
	w.batches = append(w.batches, b)
	w.numbers[b.digest] = number
	w.note("node %d makes batch %d with %d values", n.id, number, len(b.values))
	n.depth = 0
	n.input(ledger.Clock{Now: w.clock(n)})
	n.hold(number)
	for id := range n.peers {
		if id != int(n.id) && n.peers[id].up && (b.hidden == nil || !b.hidden[id]) && !w.dice.oneIn(w.plan.lost) {
			w.send(event{kind: evPush, from: uint8(n.id), to: uint8(id), ref: int32(number), depth: 1})
		}
	}
	n.endTick()
}

// hold makes a batch durable and tells the ledger.
func (n *node) hold(number int) {
	if n.disk.put(number) {
		b := &n.w.batches[number]
		n.input(ledger.Hold{Digest: b.digest, Maker: b.maker, Values: b.values})
		n.w.wakePulls(number)
	}
}

// pull is a search for a batch that a header lists.
type pull struct {
	ledger.Want
	asked int // peers
	began int // what the world's changes were when this round of questions began
}

// want begins a search: the lister is asked first, then everybody else.
func (n *node) want(in ledger.Want) {
	n.w.pulls = append(n.w.pulls, pull{Want: in})
	n.w.later(n, event{kind: evPull, ref: int32(len(n.w.pulls) - 1)})
}

// pull asks the next peer. A search in vain rests until somebody stores the batch or
// comes up: that stands for the real one's pause.
func (n *node) pull(ref int32) {
	p := &n.w.pulls[ref]
	if p.Epoch <= n.disk.height() {
		return
	}
	number, exists := n.w.numbers[p.Digest]
	if exists && n.disk.holds(number) {
		if p.Decided { // of a block that the ledger no longer remembers
			b := &n.w.batches[number]
			n.input(ledger.Hold{Digest: b.digest, Maker: b.maker, Values: b.values})
		}
		return
	}
	if p.asked%n.w.n == 0 {
		p.began = n.w.changes
	}
	from := n.w.nodes[(int(p.Lister)+p.asked)%n.w.n]
	p.asked++
	if exists && from != n && from.serves(n.id, number) {
		n.hold(number)
		return
	}
	if p.asked%n.w.n == 0 && p.began == n.w.changes {
		n.w.resting = append(n.w.resting, event{kind: evPull, from: uint8(n.id), to: uint8(n.id), gen: n.life, ref: ref})
		return
	}
	n.w.later(n, event{kind: evPull, ref: ref})
}

// serves reports whether the node gives a batch to a peer that asks.
func (n *node) serves(to bft.ID, number int) bool {
	if n.m == nil || !n.disk.holds(number) || !n.peers[to].up {
		return false
	}
	hidden := n.w.batches[number].hidden
	return n.liar == nil || !n.liar.mute && (hidden == nil || !hidden[to])
}

// wakePulls lets the searches go on that rest and may now find something.
func (w *world) wakePulls(number int) {
	w.changes++
	keep := w.resting[:0]
	for _, e := range w.resting {
		if number < 0 || w.pulls[e.ref].Digest == w.batches[number].digest {
			w.add(e)
		} else {
			keep = append(keep, e)
		}
	}
	w.resting = keep
}
