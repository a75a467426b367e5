package exhaust

import (
	"fmt"
	"testing"

	"abad/aba"
	"abad/bft"
	"abad/coin"
	"abad/coin/cointest"
	"abad/sim/flp"
)

// The vote: nodes 0, 1 and 2 are correct, node 3 lies. They start where the
// scheduler of package flp leaves them: at a random round, two with the estimate 0
// and one with the estimate 1.
const (
	abaLiar  = 3
	abaRound = 3
	abaSeed  = 0 // of the coin; the letter of the decision says what it is
)

// Letters of a correct node, those with a value for 0 and then for 1.
const (
	abaBVal   = 0
	abaAux    = 2
	abaConf   = 4 // {0}, {1}, {0,1}
	abaShare  = 7
	abaNext   = 8 // BVAL of the next round: the estimate that the node goes on with
	abaDecide = 10
)

type abaEvent struct {
	Event
	from bft.ID
	msg  aba.Msg
}

// abaEvents is what can arrive at node self in the round. Shares are those of so
// many other correct nodes. Without any no node learns the coin, so that whoever goes
// on does so with V = {v}; with the node's own one is enough.
func abaEvents(self, shares int, signers []coin.Signer) (events []abaEvent) {
	for p := range 4 {
		add := func(letter int, msg aba.Msg) {
			msg.Round = abaRound
			e := abaEvent{from: bft.ID(p), msg: msg}
			e.Event = Event{Name: fmt.Sprintf("%v%v of %d", msg.Kind, msg.Values, p), From: p, Letter: letter}
			if p == abaLiar {
				e.From = Faulty
			}
			events = append(events, e)
		}
		if p == self {
			continue
		}
		for v, set := range []aba.Set{aba.Zero, aba.One} {
			add(abaBVal+v, aba.Msg{Kind: aba.BVal, Values: set})
			add(abaAux+v, aba.Msg{Kind: aba.Aux, Values: set})
		}
		for i, set := range []aba.Set{aba.Zero, aba.One, aba.Both} {
			add(abaConf+i, aba.Msg{Kind: aba.Conf, Values: set})
		}
	}
	for i := range shares {
		p := (self + 1 + i) % abaLiar
		msg := aba.Msg{Kind: aba.Share, Round: abaRound, Share: signers[p].Sign(flp.CoinName(4, abaSeed, abaRound))}
		events = append(events, abaEvent{Event{fmt.Sprintf("SHARE of %d", p), p, abaShare}, bft.ID(p), msg})
	}
	return events
}

// abaQuotients explores the three correct nodes.
func abaQuotients(t *testing.T, shares int) (nodes []*Quotient) {
	t.Helper()
	machines, estimates, err := flp.Standoff(flp.Config{Nodes: 4, Liars: 1, Coin: flp.Common, Seed: abaSeed}, abaRound)
	if err != nil {
		t.Fatal(err)
	}
	signers := cointest.Signers(4, 2, abaSeed)
	for self, m := range machines {
		events := abaEvents(self, shares, signers)
		node := Node[aba.Machine]{
			Start: m, Said: 1 << abaBVal,
			OneOf: OneOf{3 << abaAux, 7 << abaConf, 3 << abaNext, 3 << abaDecide},
			Deliver: func(m *aba.Machine, e int) Said {
				return abaDrive(bft.ID(self), m, m.Handle(events[e].from, events[e].msg))
			},
		}
		if estimates[self] {
			node.Said = 1 << (abaBVal + 1)
		}
		for _, e := range events {
			node.Events = append(node.Events, e.Event)
		}
		nodes = append(nodes, quotient(t, self, node))
	}
	return nodes
}

// abaDrive notes what a step says, and loops back what is of this round.
func abaDrive(self bft.ID, m *aba.Machine, step aba.Step) (said Said) {
	for _, e := range step.Send {
		letter := 0
		switch v := int(e.Msg.Values) - 1; e.Msg.Kind {
		case aba.BVal:
			letter = abaBVal + v
			if e.Msg.Round > abaRound {
				letter = abaNext + v
			}
		case aba.Aux:
			letter = abaAux + v
		case aba.Conf:
			letter = abaConf + v
		case aba.Share:
			letter = abaShare
		case aba.Decide:
			letter = abaDecide + v
		}
		said |= 1 << letter
		if e.Msg.Round == abaRound {
			said |= abaDrive(self, m, m.Handle(self, e.Msg))
		}
	}
	return said
}
