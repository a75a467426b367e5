package exhaust

import (
	"fmt"
	"testing"

	"abad/bft"
	"abad/rbc"
)

// The broadcast: nodes 0, 1 and 2 are correct, node 3 proposes and lies. It has two
// payloads, and a third one to answer FETCH with.
const rbcLiar = 3

var rbcPayloads = [][]byte{[]byte("x"), []byte("y"), []byte("z")}

// Letters of a correct node, each for payload x and then for payload y. FETCH and
// FOUND go to one node, so each has one letter per node.
const (
	rbcEcho      = 0
	rbcReady     = 2
	rbcDelivered = 4
	rbcFetch     = 6  // + 2*node
	rbcFound     = 14 // + 2*node
)

// retrieval can be switched off: then nobody misses a payload, a node that has
// accepted one counts as having delivered it, and the search is small.
type rbcModel struct{ retrieval bool }

type rbcEvent struct {
	Event
	from bft.ID
	msg  rbc.Msg
	held bool // the node's owner vouches for what it has seen
}

// events is what can arrive at node self.
func (model rbcModel) events(self int) (events []rbcEvent) {
	add := func(from, letter, payload int, after Said, msg rbc.Msg) {
		e := rbcEvent{from: bft.ID(from), msg: msg}
		e.Event = Event{Name: fmt.Sprintf("%v(%c) of %d", msg.Kind, 'x'+rune(payload), from), From: from, Letter: letter + payload, After: after}
		if from == rbcLiar {
			e.From = Faulty
		}
		events = append(events, e)
	}
	for p := range 2 {
		h := bft.Sum(rbcPayloads[p])
		add(rbcLiar, 0, p, 0, rbc.Msg{Kind: rbc.Val, Payload: rbcPayloads[p]})
		for from := range 4 {
			if from == self {
				continue
			}
			add(from, rbcEcho, p, 0, rbc.Msg{Kind: rbc.Echo, Hash: h})
			add(from, rbcReady, p, 0, rbc.Msg{Kind: rbc.Ready, Hash: h})
			if !model.retrieval {
				continue
			}
			add(from, rbcFound+2*self, p, 1<<(rbcFetch+2*from+p), rbc.Msg{Kind: rbc.Found, Payload: rbcPayloads[p]})
			if from != rbcLiar { // an answer to the liar is nobody's concern
				add(from, rbcFetch+2*self, p, 1<<(rbcEcho+p), rbc.Msg{Kind: rbc.Fetch, Hash: h})
			}
		}
	}
	if model.retrieval {
		add(rbcLiar, 0, 2, 0, rbc.Msg{Kind: rbc.Found, Payload: rbcPayloads[2]})
	}
	return append(events, rbcEvent{Event: Event{Name: "its owner's word", From: Faulty}, held: true})
}

func (model rbcModel) quotients(t *testing.T) (nodes []*Quotient) {
	t.Helper()
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	for self := range rbcLiar {
		events := model.events(self)
		node := Node[rbc.Machine]{
			Start: rbc.New(q, bft.ID(self), rbcLiar),
			OneOf: OneOf{3 << rbcEcho, 3 << rbcReady, 3 << rbcDelivered},
			Deliver: func(m *rbc.Machine, e int) (said Said) {
				if !events[e].held {
					return model.drive(self, m, m.Handle(events[e].from, events[e].msg))
				}
				for _, payload := range rbcPayloads[:2] { // it has seen one of them, or none
					if step, err := m.Input(rbc.Held{Hash: bft.Sum(payload)}); err == nil {
						said |= model.drive(self, m, step)
					}
				}
				return said
			},
		}
		for to := range 4 {
			node.OneOf = append(node.OneOf, 3<<(rbcFetch+2*to), 3<<(rbcFound+2*to))
		}
		node.Events = rbcNames(events)
		nodes = append(nodes, quotient(t, self, node))
	}
	return nodes
}

// drive notes what a step says, and loops back what goes to the node itself.
func (model rbcModel) drive(self int, m *rbc.Machine, step rbc.Step) (said Said) {
	for _, out := range step.Out {
		switch out := out.(type) {
		case rbc.Delivered:
			said |= 1 << (rbcDelivered + rbcPayload(out.Hash))
		case rbc.Accepted:
			if !model.retrieval {
				said |= 1 << (rbcDelivered + rbcPayload(out.Hash))
			}
		}
	}
	for _, e := range step.Send {
		p := rbcPayload(e.Msg.Hash)
		switch e.Msg.Kind {
		case rbc.Echo:
			said |= 1 << (rbcEcho + p)
		case rbc.Ready:
			said |= 1 << (rbcReady + p)
		case rbc.Fetch:
			said |= 1 << (rbcFetch + 2*int(e.To) + p)
		case rbc.Found:
			said |= 1 << (rbcFound + 2*int(e.To) + rbcPayload(bft.Sum(e.Msg.Payload)))
		}
		if e.To == bft.Everyone {
			said |= model.drive(self, m, m.Handle(bft.ID(self), e.Msg))
		}
	}
	return said
}

func rbcPayload(h bft.Hash) int {
	if h == bft.Sum(rbcPayloads[0]) {
		return 0
	}
	return 1
}

func rbcNames(events []rbcEvent) (names []Event) {
	for _, e := range events {
		names = append(names, e.Event)
	}
	return names
}
