package exhaust

import (
	"flag"
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
	abaOn     = 8  // went on to the next round with the estimate v because V = {v}
	abaToss   = 10 // went on with v because V = {0,1} and the coin is v
	abaDecide = 12
)

type abaEvent struct {
	Event
	from bft.ID
	msg  aba.Msg
}

// shares is how many other correct nodes' shares can arrive. One is enough to learn
// the coin, together with the node's own; with none the game ends at the coin.
var shares = flag.Int("shares", usualShares, "shares of other nodes that can arrive, 0 to 2; with 2, every node is explored by itself")

// abaEvents is what can arrive at node self in the round.
func abaEvents(self int, signers []coin.Signer) (events []abaEvent) {
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
	for i := range *shares {
		p := (self + 1 + i) % abaLiar
		msg := aba.Msg{Kind: aba.Share, Round: abaRound, Share: signers[p].Sign(flp.CoinName(4, abaSeed, abaRound))}
		events = append(events, abaEvent{Event{Name: fmt.Sprintf("SHARE of %d", p), From: p, Letter: abaShare}, bft.ID(p), msg})
	}
	return events
}

// abaQuotients explores the three correct nodes. Nodes 0 and 1 have the same estimate,
// and a machine does not know its own name and counts names only: so what one of them
// can do the other can do too, with the events in the same places of their lists.
func abaQuotients(t *testing.T) (nodes []*Quotient) {
	t.Helper()
	machines, estimates, err := flp.Standoff(flp.Config{Nodes: 4, Liars: 1, Coin: flp.Common, Seed: abaSeed}, abaRound)
	if err != nil {
		t.Fatal(err)
	}
	signers := cointest.Signers(4, 2, abaSeed)
	coin := abaCoin(signers)
	for self, m := range machines {
		if *shares < 2 && self > 0 && estimates[self] == estimates[self-1] {
			twin := *nodes[self-1]
			twin.Events = abaNames(abaEvents(self, signers))
			nodes = append(nodes, &twin)
			continue
		}
		events := abaEvents(self, signers)
		node := Node[aba.Machine]{
			Start: m, Said: 1 << abaBVal,
			OneOf: OneOf{3 << abaAux, 7 << abaConf, 15 << abaOn, 3 << abaDecide},
			Deliver: func(m *aba.Machine, e int) Said {
				return abaDrive(bft.ID(self), coin, m, m.Handle(events[e].from, events[e].msg))
			},
		}
		if estimates[self] {
			node.Said = 1 << (abaBVal + 1)
		}
		node.Events = abaNames(events)
		nodes = append(nodes, quotient(t, self, node))
	}
	return nodes
}

func abaNames(events []abaEvent) (names []Event) {
	for _, e := range events {
		names = append(names, e.Event)
	}
	return names
}

// abaCoin is the coin of the round.
func abaCoin(signers []coin.Signer) bool {
	name := flp.CoinName(4, abaSeed, abaRound)
	sig, err := signers[0].Combine(name, []coin.Share{{From: 0, Sig: signers[0].Sign(name)}, {From: 1, Sig: signers[1].Sign(name)}})
	if err != nil {
		panic(err)
	}
	return coin.Bit(sig)
}

// abaDrive notes what a step says, and loops back what is of this round.
func abaDrive(self bft.ID, coin bool, m *aba.Machine, step aba.Step) (said Said) {
	for _, e := range step.Send {
		said |= 1 << abaLetter(e.Msg, coin, m)
		if e.Msg.Round == abaRound {
			said |= abaDrive(self, coin, m, m.Handle(self, e.Msg))
		}
	}
	return said
}

func abaLetter(msg aba.Msg, coin bool, m *aba.Machine) int {
	v := int(msg.Values) - 1
	switch msg.Kind {
	case aba.BVal:
		if msg.Round == abaRound {
			return abaBVal + v
		}
		// A node that went on with the coin knew it, and did not decide.
		if _, decided := m.Decided(); m.Coins() > 0 && coin == (v == 1) && !decided {
			return abaToss + v
		}
		return abaOn + v
	case aba.Aux:
		return abaAux + v
	case aba.Conf:
		return abaConf + v
	case aba.Decide:
		return abaDecide + v
	}
	return abaShare
}
