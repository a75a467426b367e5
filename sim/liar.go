package sim

import (
	"abad/bft"
	"abad/ledger"
)

// Limits of a faulty node: a run must come to an end.
const (
	// liesPerEpoch bounds what a faulty node makes up beyond what its driver says,
	// per node of the cluster squared and per epoch of the plan.
	liesPerEpoch = 60
	// farAhead is how many epochs beyond the clients' a faulty node thinks.
	farAhead = 64
	// remembered is how many messages a faulty node keeps to repeat.
	remembered = 64
)

// liar is a faulty node. It runs the driver of a correct one, and its behaviours
// change, drop and add to what that says. It sees every message of every correct
// node when that is sent; all faulty nodes know the adversary's faces and coins.
type liar struct {
	n     *node
	does  []*behaviour
	left  int // lies
	mute  bool
	deaf  bool
	hides bool   // gives its batches to few
	boast uint64 // claims so many blocks more than it has, and forges them

	sent   int // until it crashes
	ends   int
	half   []bool // equivocation: who gets the other header
	chosen []bool // the f+1 nodes that get a header at all; and who gets no batches
	other  map[bft.Hash]bft.Hash
	both   bool // two-faced with BVAL for both values
	early  bool // shares of its own with the votes
	seen   map[tossed]bool
	memory []ledger.Msg
}

// behaviour is one way of being faulty.
type behaviour struct {
	name, says string
	// begin sets the liar up.
	begin func(l *liar)
	// change looks at what the driver would send to a node, and reports whether
	// anything is sent.
	change func(l *liar, to bft.ID, msg *ledger.Msg) bool
	// hear sees what a correct node sends to all or to one.
	hear func(l *liar, from bft.ID, msg *ledger.Msg)
	// coin sees a coin as soon as it can be computed.
	coin func(l *liar, epoch uint64, slot bft.ID, round uint32, c bool)
}

// Behaviours names the ways of being faulty.
func Behaviours() []string {
	names := make([]string, len(behaviours))
	for i := range behaviours {
		names[i] = behaviours[i].name
	}
	return names
}

func newLiar(n *node, names []string) *liar {
	w := n.w
	l := &liar{n: n, left: liesPerEpoch * w.n * w.n * w.plan.epochs, other: map[bft.Hash]bft.Hash{}, seen: map[tossed]bool{}}
	l.half, l.chosen = draws(w.dice, w.n, 2), make([]bool, w.n)
	first := w.dice.below(w.n)
	for i := range w.plan.quorum.Amplify() {
		l.chosen[(first+i)%w.n] = true
	}
	for _, name := range names {
		for i := range behaviours {
			if b := &behaviours[i]; b.name == name {
				l.does = append(l.does, b)
				if b.begin != nil {
					b.begin(l)
				}
			}
		}
	}
	return l
}

// send puts what the driver says on its way, changed, to each node for itself.
func (l *liar) send(p parcel) {
	w := l.n.w
	for id := range l.n.peers {
		to := bft.ID(id)
		if to == l.n.id || p.to != int16(bft.Everyone) && p.to != int16(to) || !l.n.peers[to].up {
			continue
		}
		msg, told := *w.msgs.at(p.ref), true
		for _, b := range l.does {
			if b.change != nil && told {
				told = b.change(l, to, &msg)
			}
		}
		if told {
			l.remember(&msg)
			w.post(l.n.id, to, parcel{ref: w.msgs.add(&msg), depth: p.depth}, msg.Epoch)
		}
	}
}

// say makes up a message.
func (l *liar) say(to bft.ID, msg ledger.Msg) {
	w := l.n.w
	if l.mute || l.left == 0 || to == l.n.id || !l.n.peers[to].up || w.nodes[to].liar != nil {
		return
	}
	l.left--
	w.post(l.n.id, to, parcel{ref: w.msgs.add(&msg), depth: l.n.depth}, msg.Epoch)
}

// sayBytes makes up a frame.
func (l *liar) sayBytes(to bft.ID, data []byte) {
	w := l.n.w
	if l.mute || l.left == 0 || to == l.n.id || !l.n.peers[to].up || w.nodes[to].liar != nil {
		return
	}
	l.left--
	w.raw = append(w.raw, data)
	w.send(event{kind: evBytes, from: uint8(l.n.id), to: uint8(to), ref: int32(len(w.raw) - 1)})
}

func (l *liar) remember(msg *ledger.Msg) {
	if len(l.memory) < remembered {
		l.memory = append(l.memory, *msg)
		return
	}
	l.memory[l.n.w.dice.below(remembered)] = *msg
}

// first reports whether this is the first that the liar hears of a round.
func (l *liar) first(epoch uint64, slot bft.ID, round uint32) bool {
	t := tossed{epoch, slot, round}
	if l.seen[t] {
		return false
	}
	l.seen[t] = true
	return true
}

// hide says which nodes do not get a new batch; nil: all do.
func (l *liar) hide() []bool {
	if !l.hides {
		return nil
	}
	hidden := make([]bool, l.n.w.n)
	for id := range hidden {
		hidden[id] = !l.chosen[id]
	}
	return hidden
}

// answer is a lie about certified blocks, if this node tells such lies.
func (l *liar) answer(from uint64) ([]certifiedBlock, bool) {
	if l.boast > 0 {
		return l.stale(from), true
	}
	return nil, l.mute
}

// overheard shows a message to every faulty node.
func (w *world) overheard(from bft.ID, msg *ledger.Msg) {
	if w.plan.liarCount == 0 {
		return
	}
	for _, n := range w.nodes {
		if n.liar == nil {
			continue
		}
		for _, b := range n.liar.does {
			if b.hear != nil {
				b.hear(n.liar, from, msg)
			}
		}
	}
}

// coinSeen shows a coin to every faulty node.
func (w *world) coinSeen(epoch uint64, slot bft.ID, round uint32, c bool) {
	for _, n := range w.nodes {
		if n.liar == nil {
			continue
		}
		for _, b := range n.liar.does {
			if b.coin != nil {
				b.coin(n.liar, epoch, slot, round, c)
			}
		}
	}
}
