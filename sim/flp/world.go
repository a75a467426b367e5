package flp

import (
	"fmt"

	"abad/aba"
	"abad/bft"
	"abad/coin"
)

// bias is the b of the schedule [b, b, 1-b, RANDOM].
const bias = true

// machine is a correct node: an [aba.Machine], or a tosser in front of one.
type machine interface {
	bft.Machine[bool, aba.Msg, aba.Decided]
	Rounds() int
}

type packet struct {
	from bft.ID
	msg  aba.Msg
}

// world is one cluster: the correct nodes 0 to n-t-1, the liars after them, and
// all messages that are on their way.
type world struct {
	quorum  bft.Quorum
	name    func(round uint32) []byte
	coin    Coin
	nodes   []machine
	liars   []coin.Signer // what the liars sign shares with
	inbox   [][]packet    // on the way, by recipient, in the order of sending
	began   []uint32      // the last round that a node voted in
	est     []bool        // what its first BVAL of that round said
	decided []aba.Set
	rounds  int // begun by the fastest node when the first one decided; 0 until then
	faults  int // that correct nodes found
}

func newWorld(cfg Config, guard bool) (*world, error) {
	q, err := bft.NewQuorum(cfg.Nodes)
	if err != nil {
		return nil, err
	}
	if cfg.Nodes < 4 || cfg.Nodes != 3*q.Faulty()+1 {
		return nil, fmt.Errorf("the adversary plays against 3f+1 nodes (4, 7, 10, ...), not %d", cfg.Nodes)
	}
	if cfg.Liars < 0 || cfg.Liars > q.Faulty() {
		return nil, fmt.Errorf("%d nodes survive at most %d faulty ones, not %d", cfg.Nodes, q.Faulty(), cfg.Liars)
	}
	correct := cfg.Nodes - cfg.Liars
	signers := cfg.Coin.signers(q, cfg.Seed)
	w := &world{
		quorum: q, coin: cfg.Coin, liars: signers[correct:],
		name:  func(round uint32) []byte { return CoinName(cfg.Nodes, cfg.Seed, round) },
		nodes: make([]machine, correct), inbox: make([][]packet, correct),
		began: make([]uint32, correct), est: make([]bool, correct), decided: make([]aba.Set, correct),
	}
	for i := range w.nodes {
		m := aba.New(aba.Config{Quorum: q, Signer: signers[i], CoinName: w.name, Bias: bias})
		w.nodes[i] = m
		if cfg.Coin == Local && guard {
			w.nodes[i] = tosser{Machine: m, self: bft.ID(i)}
		}
	}
	return w, nil
}

// CoinName is what the coin of a round signs in a run.
func CoinName(nodes int, seed uint64, round uint32) []byte {
	return fmt.Appendf(nil, "flp/%d/%d/%d", nodes, seed, round)
}

// input gives every second node a 1, the others a 0.
func (w *world) input() error {
	for i, node := range w.nodes {
		v := i%2 == 1
		w.est[i] = v
		step, err := node.Input(v)
		if err != nil {
			return err
		}
		w.step(bft.ID(i), step)
	}
	return nil
}

// step puts on the way what a node says; to itself it says it at once.
func (w *world) step(at bft.ID, step aba.Step) {
	w.faults += len(step.Faults)
	for _, out := range step.Out {
		w.decided[at] |= aba.Of(out.Value)
		if w.rounds == 0 {
			for _, r := range w.began {
				w.rounds = max(w.rounds, int(r)+1)
			}
		}
	}
	for _, e := range step.Send {
		if e.Msg.Kind == aba.BVal && e.Msg.Round > w.began[at] {
			w.began[at] = e.Msg.Round
			w.est[at], _ = e.Msg.Values.Single()
		}
		for to := range w.nodes {
			if bft.ID(to) != at {
				w.inbox[to] = append(w.inbox[to], packet{at, e.Msg})
			}
		}
	}
	for _, e := range step.Send {
		w.step(at, w.nodes[at].Handle(at, e.Msg))
	}
}

// lie puts the same message of every liar on its way to one node.
func (w *world) lie(to bft.ID, msg aba.Msg) {
	for i, signer := range w.liars {
		if msg.Kind == aba.Share {
			msg.Share = signer.Sign(w.name(msg.Round))
		}
		w.inbox[to] = append(w.inbox[to], packet{bft.ID(len(w.nodes) + i), msg})
	}
}

// deliver hands a node what is on its way to it and is wanted. What this causes is
// on its way to others, so one pass is enough; it reports whether there was any.
func (w *world) deliver(to bft.ID, wanted func(aba.Msg) bool) (any bool) {
	kept := w.inbox[to][:0]
	for _, p := range w.inbox[to] {
		if !wanted(p.msg) {
			kept = append(kept, p)
			continue
		}
		any = true
		w.step(to, w.nodes[to].Handle(p.from, p.msg))
	}
	w.inbox[to] = kept
	return any
}

// sweep delivers what is wanted to all of a group until no more of it is on its way.
func (w *world) sweep(group []bft.ID, wanted func(aba.Msg) bool) {
	for again := true; again; {
		again = false
		for _, to := range group {
			again = w.deliver(to, wanted) || again
		}
	}
}

func (w *world) everybody() []bft.ID {
	ids := make([]bft.ID, len(w.nodes))
	for i := range ids {
		ids[i] = bft.ID(i)
	}
	return ids
}
