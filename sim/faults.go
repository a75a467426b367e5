package sim

import (
	"slices"

	"abad/bft"
	"abad/ledger"
)

// faults is what the network and the machines suffer: crashes, resets, partitions.
type faults struct {
	queue []disturbance // still to come
	ends  []disturbance // begun; step says when they are over
}

// tornWait is how many epochs a torn crash waits for its block.
const tornWait = 3

// disturb begins or ends one thing that is due, or the next one if nothing else
// can happen.
func (w *world) disturb(idle bool) bool {
	f := &w.faults
	due := func(x disturbance) bool {
		return idle || x.step <= w.step && (!x.torn || len(w.nodes[x.node].tick.blocks) > 0 || w.step > x.step+tornWait*epochEvents(w.n))
	}
	if i := slices.IndexFunc(f.queue, due); i >= 0 {
		x := f.queue[i]
		f.queue = slices.Delete(f.queue, i, i+1)
		w.begin(x)
		x.step = w.step + x.after
		f.ends = append(f.ends, x)
		return true
	}
	over := func(x disturbance) bool { return idle || x.step <= w.step }
	if i := slices.IndexFunc(f.ends, over); i >= 0 {
		x := f.ends[i]
		f.ends = slices.Delete(f.ends, i, i+1)
		w.end(x)
		return true
	}
	return false
}

func (w *world) begin(x disturbance) {
	if x.node != x.peer {
		w.disconnect(bft.ID(x.node), bft.ID(x.peer))
		return
	}
	if n := w.nodes[x.node]; n.correct() {
		w.stats.Crashes++
		n.crash()
	}
}

func (w *world) end(x disturbance) {
	if x.node != x.peer {
		w.connect(bft.ID(x.node), bft.ID(x.peer))
		return
	}
	w.nodes[x.node].restart()
}

// disconnect ends a link: what is on its way is lost, and both sides know.
func (w *world) disconnect(a, b bft.ID) {
	if a == b || !w.nodes[a].peers[b].up && !w.nodes[b].peers[a].up {
		return
	}
	w.gens[int(a)*w.n+int(b)]++
	w.gens[int(b)*w.n+int(a)]++
	w.note("the link of nodes %d and %d goes down", a, b)
	for _, pair := range [...][2]bft.ID{{a, b}, {b, a}} {
		n := w.nodes[pair[0]]
		n.peers[pair[1]].up, n.peers[pair[1]].noted = false, false
		if n.m != nil {
			n.depth = 0
			n.input(ledger.Link{Peer: pair[1], Up: false})
			n.endTick()
		}
	}
}

// connect begins a link between two nodes that are up: each says how far it is,
// and gets again all that the other has retained and it can use.
func (w *world) connect(a, b bft.ID) {
	if a == b || w.nodes[a].m == nil || w.nodes[b].m == nil || w.nodes[a].peers[b].up {
		return
	}
	w.gens[int(a)*w.n+int(b)]++
	w.gens[int(b)*w.n+int(a)]++
	if w.step > 0 {
		w.note("the link of nodes %d and %d comes up", a, b)
	}
	w.nodes[a].peers[b].up, w.nodes[b].peers[a].up = true, true
	w.attach(a, b)
	w.attach(b, a)
	w.wakePulls(-1)
}

// attach is one side of a new link.
func (w *world) attach(at, to bft.ID) {
	n := w.nodes[at]
	n.out.rewind(to)
	n.depth = 0
	n.input(ledger.Link{Peer: to, Up: true})
	n.heard(to, w.nodes[to].position())
	n.endTick()
}
