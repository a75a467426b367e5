// Package bfttest drives machines in tests: a network in memory that delivers
// every message between correct nodes, in an order that the test chooses.
package bfttest

import (
	"math"
	"math/rand/v2"
	"slices"

	"abad/bft"
)

// Packet is a message on its way. Depth counts the message delays since the
// input that caused it.
type Packet[Msg any] struct {
	From, To bft.ID
	Depth    int
	Msg      Msg
}

// Output is what a node's machine put out, and after how many message delays.
type Output[Out any] struct {
	Depth int
	Out   Out
}

// Net holds the machines of all nodes; nil is a node that is down. What a node
// sends to itself is delivered at once, before anything else.
type Net[In, Msg, Out any] struct {
	Nodes  []bft.Machine[In, Msg, Out]
	Outs   [][]Output[Out]
	Faults [][]bft.Fault // by the node that found them
	Sent   int           // messages between different nodes

	// Lose reports that a packet never arrives; for packets of faulty nodes only.
	Lose func(Packet[Msg]) bool
	// Wait reports that a packet must still stay at its sender.
	Wait func(Packet[Msg]) bool
	// Twice delivers every packet a second time, later.
	Twice bool
	// Rand chooses the order. Without it the network runs in lock-step: all
	// messages of one delay, then all that these have caused.
	Rand *rand.Rand

	// React is called for every output, after the step; it may call Input.
	React func(at bft.ID, depth int, out Out)

	queue  []Packet[Msg]
	again  []Packet[Msg]
	parked []Packet[Msg]
}

// New makes a network of n nodes from make, which may return nil.
func New[In, Msg, Out any](n int, make_ func(bft.ID) bft.Machine[In, Msg, Out]) *Net[In, Msg, Out] {
	net := &Net[In, Msg, Out]{
		Nodes:  make([]bft.Machine[In, Msg, Out], n),
		Outs:   make([][]Output[Out], n),
		Faults: make([][]bft.Fault, n),
	}
	for i := range net.Nodes {
		net.Nodes[i] = make_(bft.ID(i))
	}
	return net
}

// Input gives a node an input, depth message delays after the start.
func (n *Net[In, Msg, Out]) Input(at bft.ID, depth int, in In) error {
	step, err := n.Nodes[at].Input(in)
	if err == nil {
		n.step(at, depth, step)
	}
	return err
}

// Send puts a faulty node's message on its way.
func (n *Net[In, Msg, Out]) Send(from, to bft.ID, depth int, msg Msg) {
	n.push(Packet[Msg]{From: from, To: to, Depth: depth + 1, Msg: msg})
}

// Run delivers until nothing is on its way, and returns how many packets that took.
func (n *Net[In, Msg, Out]) Run() int { return n.RunSome(math.MaxInt) }

// RunSome delivers at most so many packets.
func (n *Net[In, Msg, Out]) RunSome(most int) int {
	count := 0
	for count < most {
		n.unpark()
		if len(n.queue) == 0 {
			n.queue, n.again = n.again, nil
		}
		if len(n.queue) == 0 {
			break
		}
		p := n.pop()
		switch {
		case n.Nodes[p.To] == nil:
		case n.Wait != nil && n.Wait(p):
			n.parked = append(n.parked, p)
		default:
			count++
			n.step(p.To, p.Depth, n.Nodes[p.To].Handle(p.From, p.Msg))
		}
	}
	return count
}

func (n *Net[In, Msg, Out]) unpark() {
	n.parked = slices.DeleteFunc(n.parked, func(p Packet[Msg]) bool {
		ready := !n.Wait(p)
		if ready {
			n.queue = append(n.queue, p)
		}
		return ready
	})
}

// Again puts a packet on its way once more, as a link does after a reconnect.
func (n *Net[In, Msg, Out]) Again(p Packet[Msg]) { n.queue = append(n.queue, p) }

func (n *Net[In, Msg, Out]) pop() Packet[Msg] {
	i := 0
	if n.Rand != nil {
		i = n.Rand.IntN(len(n.queue))
		n.queue[0], n.queue[i] = n.queue[i], n.queue[0]
	}
	p := n.queue[0]
	n.queue = n.queue[1:]
	return p
}

func (n *Net[In, Msg, Out]) push(p Packet[Msg]) {
	if n.Lose != nil && n.Lose(p) {
		return
	}
	n.Sent++
	n.queue = append(n.queue, p)
	if n.Twice {
		n.again = append(n.again, p)
	}
}

// step sends what a step asks for; to itself first.
func (n *Net[In, Msg, Out]) step(at bft.ID, depth int, first bft.Step[Msg, Out]) {
	steps := []bft.Step[Msg, Out]{first}
	for len(steps) > 0 {
		s := steps[0]
		steps = steps[1:]
		n.Faults[at] = append(n.Faults[at], s.Faults...)
		for _, e := range s.Send {
			for to := range n.Nodes {
				switch to := bft.ID(to); {
				case e.To != bft.Everyone && e.To != to:
				case to == at:
					steps = append(steps, n.Nodes[at].Handle(at, e.Msg))
				default:
					n.push(Packet[Msg]{From: at, To: to, Depth: depth + 1, Msg: e.Msg})
				}
			}
		}
		for _, out := range s.Out {
			n.Outs[at] = append(n.Outs[at], Output[Out]{Depth: depth, Out: out})
			if n.React != nil {
				n.React(at, depth, out)
			}
		}
	}
}
