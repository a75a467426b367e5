package exhaust

import (
	"math/rand/v2"
	"slices"
	"testing"

	"abad/aba"
	"abad/bft"
	"abad/coin/cointest"
	"abad/rbc"
	"abad/sim/flp"
)

// What the search takes for granted: a message that arrives again, at once or later,
// is nothing.
func TestRepeatsAreNothing(t *testing.T) {
	machines, _, err := flp.Standoff(flp.Config{Nodes: 4, Liars: 1, Coin: flp.Common, Seed: abaSeed}, abaRound)
	if err != nil {
		t.Fatal(err)
	}
	signers := cointest.Signers(4, 2, abaSeed)
	coin := abaCoin(signers)
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		self := int(seed % 3)
		vote := abaEvents(self, signers)
		repeat(t, r, machines[self], abaNames(vote), func(m *aba.Machine, e int) Said {
			return abaDrive(bft.ID(self), coin, m, m.Handle(vote[e].from, vote[e].msg))
		})
		model := rbcModel{retrieval: true}
		cast := model.events(self)
		repeat(t, r, rbc.New(q, bft.ID(self), rbcLiar), rbcNames(cast[:len(cast)-1]), func(m *rbc.Machine, e int) Said {
			return model.drive(self, m, m.Handle(cast[e].from, cast[e].msg))
		})
	}
}

// repeat delivers the events in a random order, and after each one all before it.
func repeat[S any](t *testing.T, r *rand.Rand, start *S, events []Event, deliver func(*S, int) Said) {
	t.Helper()
	c := copier[S]{layouts: layouts{}}
	m := c.fresh(start)
	var order []int
	var said Said
	for _, e := range r.Perm(len(events)) {
		if events[e].From != Faulty && events[e].After&^said != 0 {
			continue
		}
		was := c.hash(m, 0)
		said |= deliver(m, e)
		before := c.hash(m, 0)
		if events[e].From == Faulty && before == was {
			continue // the search lets the faulty node try again later
		}
		order = append(order, e)
		for _, old := range slices.Backward(order) {
			if again := deliver(m, old); again != 0 || c.hash(m, 0) != before {
				t.Fatalf("%s, again, says %b", events[old].Name, again)
			}
		}
	}
}
