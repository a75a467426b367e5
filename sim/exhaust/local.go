package exhaust

import (
	"fmt"
	"math/bits"
	"slices"
)

// Said is what a node has said or done so far: a set of letters, each of which the
// model gives a bit.
type Said uint64

// Event is something that can arrive at a node.
type Event struct {
	Name string
	// From is the correct node that must have said Letter first, and whose message
	// must arrive in the end. Faulty stands for what may happen at any time or never.
	From   int
	Letter int
	// After is what the node itself has said when a correct node says this to it: an
	// answer comes after its question. Explore relies on it, and Search checks it.
	After Said
}

// OneOf are sets of letters of which a correct node says at most one. Explore relies
// on it for the others, and checks it of the node itself.
type OneOf []Said

// allows reports whether somebody who has said these letters can say one more.
func (o OneOf) allows(said Said, letter int) bool {
	for _, set := range o {
		if set>>letter&1 != 0 && said&set != 0 {
			return false
		}
	}
	return true
}

// broken reports whether said breaks a rule.
func (o OneOf) broken(said Said) bool {
	for _, set := range o {
		if bits.OnesCount64(uint64(said&set)) > 1 {
			return true
		}
	}
	return false
}

// Faulty as the source of an event.
const Faulty = -1

// Node is one correct node: a state, and what each event does to it.
type Node[S any] struct {
	Start  *S
	Said   Said // at the start
	Events []Event
	OneOf  OneOf
	// Deliver changes s by event e and returns what s says or does because of it.
	Deliver func(s *S, e int) Said
}

// Graph holds all states that a node can reach, whatever arrives in whatever
// order. A message of a correct node arrives once, since a repeated one is nothing;
// one of the faulty node that changes nothing may come again later.
type Graph struct {
	Events []Event
	said   []Said
	next   [][]int32 // by state and event; the state itself if nothing changes
}

// States is the number of states.
func (g *Graph) States() int { return len(g.said) }

// explorer is a state on the way to being explored.
type explorer[S any] struct {
	id    int32
	s     *S
	sum   key
	said  Said
	got   uint64 // events that have arrived
	heard []Said // letters that have arrived, by correct sender
}

// expects reports whether the event can be one of a correct node, or is a faulty one's.
func (x explorer[S]) expects(e Event, o OneOf) bool {
	return e.From == Faulty || e.After&^x.said == 0 && o.allows(x.heard[e.From], e.Letter)
}

// mark names a state: what is in memory, and what has arrived.
type mark struct {
	sum key
	got uint64
}

// Explore finds all states, in the order of how many events have arrived.
func Explore[S any](n Node[S]) (*Graph, error) {
	g := &Graph{Events: n.Events}
	x := copier[S]{layouts: layouts{}}
	start := explorer[S]{s: n.Start, said: n.Said, sum: x.hash(n.Start, n.Said), heard: make([]Said, senders(n.Events))}
	g.said, g.next = []Said{n.Said}, [][]int32{nil}
	for layer := []explorer[S]{start}; len(layer) > 0; {
		known := map[mark]int32{}
		var after []explorer[S]
		for _, from := range layer {
			next := slices.Repeat([]int32{from.id}, len(n.Events))
			for e, event := range n.Events {
				if from.got>>e&1 != 0 || !from.expects(event, n.OneOf) {
					continue
				}
				to := n.deliver(&x, from, e)
				if n.OneOf.broken(to.said) {
					return nil, fmt.Errorf("a correct node says two of what it may say one of: %b, at last on %s", to.said, event.Name)
				}
				if to.sum == from.sum && event.From == Faulty {
					continue // nothing happens, and the faulty node can say it again
				}
				m := mark{to.sum, to.got}
				id, old := known[m]
				if !old {
					id = int32(len(g.said))
					known[m], to.id = id, id
					g.said, g.next = append(g.said, to.said), append(g.next, nil)
					after = append(after, to)
				}
				next[e] = id
			}
			g.next[from.id] = next
		}
		layer = after
	}
	return g, nil
}

// deliver gives the state after one more event.
func (n Node[S]) deliver(c *copier[S], from explorer[S], e int) explorer[S] {
	to := explorer[S]{s: c.fresh(from.s), got: from.got | 1<<e, heard: from.heard}
	to.said = from.said | n.Deliver(to.s, e)
	to.sum = c.hash(to.s, to.said)
	if event := n.Events[e]; event.From != Faulty {
		to.heard = slices.Clone(from.heard)
		to.heard[event.From] |= 1 << event.Letter
	}
	return to
}

func senders(events []Event) (n int) {
	for _, e := range events {
		n = max(n, e.From+1)
	}
	return n
}
