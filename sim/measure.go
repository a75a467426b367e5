package sim

import (
	"fmt"

	"abad/bft"
	"abad/codec"
)

// Cost is what an epoch costs, counted exactly, in lock-step: all that is sent
// within one message delay arrives before what it causes.
type Cost struct {
	Nodes, Down int
	Epochs      int     // measured
	Delays      int     // message delays from the submission to the last node's block
	Messages    float64 // per epoch, between different nodes
	Frames      float64 // per epoch: what one node sends another within one delay
	Bytes       float64 // per epoch, of the frames
	Payload     float64 // how often a receiver is sent each batch that is not its own
}

// meter counts what is sent.
type meter struct {
	sizes  []int          // by message; 0: not encoded yet
	frames map[hop]*frame // of the present epoch

	delays, messages, framed, bytes int // of the epochs before
	payload                         int // batches sent
}

// hop is who sends to whom, and at which delay.
type hop struct {
	from, to bft.ID
	depth    uint16
}

type frame struct {
	messages int
	bytes    int
}

// frameHead is what a frame adds to its messages: its length, the list's head and
// the two numbers of the sender's position (package net).
var frameHead = 4 + len(codec.Marshal([]any{1 << 10, 1 << 10, []any{}}))

func (m *meter) sent(w *world, from, to bft.ID, p parcel) {
	for len(m.sizes) <= int(p.ref) {
		m.sizes = append(m.sizes, 0)
	}
	if m.sizes[p.ref] == 0 {
		m.sizes[p.ref] = len(codec.Marshal(w.msgs.at(p.ref).Encode())) // a byte string in the frame
	}
	h := hop{from, to, p.depth}
	f := m.frames[h]
	if f == nil {
		f = &frame{bytes: frameHead}
		m.frames[h] = f
	}
	f.messages++
	f.bytes += m.sizes[p.ref]
}

// Measure runs so many epochs of a cluster of which some nodes are down, each
// with one batch from every node that is up. If any are down, the first K+1 epochs, in which the bench settles, are not counted.
func Measure(nodes, down, epochs int) (Cost, error) {
	o := Options{Nodes: nodes, Faulty: down, Epochs: epochs, Adversary: lockStep, Byzantine: []string{"silent"}, Coin: CommonCoin}
	if err := o.Check(); err != nil {
		return Cost{}, err
	}
	w := newWorld(o, new(letters))
	p := w.plan
	p.window, p.leak, p.sync, p.twice, p.lost, p.retry, p.disturb = 4, 0, 0, 0, 0, 0, nil
	w.pool.leak, w.faults, w.durable = 0, faults{}, false
	w.build()
	w.start()
	for id := range w.nodes { // a node that is down is one whose links are
		for _, n := range w.nodes {
			if n.liar != nil {
				w.disconnect(n.id, bft.ID(id))
			}
		}
	}
	if down > 0 {
		for range p.window + 1 {
			if _, err := w.measureEpoch(); err != nil {
				return Cost{}, err
			}
		}
	}
	w.meter = &meter{frames: map[hop]*frame{}}
	for range epochs {
		delays, err := w.measureEpoch()
		if err != nil {
			return Cost{}, err
		}
		w.meter.count(delays)
	}
	return w.meter.cost(w, epochs), nil
}

// count adds an epoch.
func (m *meter) count(delays int) {
	m.delays = max(m.delays, delays)
	for _, f := range m.frames {
		m.messages += f.messages
		m.bytes += f.bytes
	}
	m.framed += len(m.frames)
	clear(m.frames)
}

func (m *meter) cost(w *world, epochs int) Cost {
	up := w.n - w.plan.liarCount
	return Cost{
		Nodes: w.n, Down: w.plan.liarCount, Epochs: epochs, Delays: m.delays,
		Messages: float64(m.messages) / float64(epochs),
		Frames:   float64(m.framed) / float64(epochs),
		Bytes:    float64(m.bytes) / float64(epochs),
		Payload:  float64(m.payload) / float64(epochs*up*(up-1)),
	}
}

// measureEpoch gives every node that is up a batch and waits for rest.
func (w *world) measureEpoch() (delays int, err error) {
	before := len(w.facts.log)
	for _, n := range w.nodes {
		if n.correct() {
			w.submitAt(n)
		}
	}
	for {
		e, ok := w.pool.take(w.dice)
		if !ok {
			break
		}
		if w.meter != nil && !w.void(&e) && (e.kind == evPush || e.kind == evPull) {
			w.meter.payload++
		}
		height := w.nodes[e.to].disk.height()
		if w.deliver(e); w.nodes[e.to].disk.height() > height {
			delays = max(delays, int(e.depth))
		}
	}
	if w.concluded(); w.failure == nil && len(w.facts.log) != before+1 {
		return 0, fmt.Errorf("sim: %d blocks where one was to be measured", len(w.facts.log)-before)
	}
	if w.failure != nil {
		return 0, w.failure
	}
	return delays, nil
}
