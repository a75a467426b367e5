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
// changes nothing, and neither does one that contradicts an earlier one.
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
		repeat(t, r, machines[self], len(vote), func(m *aba.Machine, e int) Said {
			return abaDrive(bft.ID(self), coin, m, m.Handle(vote[e].from, vote[e].msg))
		})
		model := rbcModel{retrieval: true}
		cast := model.events(self)
		repeat(t, r, rbc.New(q, bft.ID(self), rbcLiar), len(cast)-1, func(m *rbc.Machine, e int) Said {
			return model.drive(self, m, m.Handle(cast[e].from, cast[e].msg))
		})
	}
}

// repeat delivers all events in a random order, and after each one all before it.
func repeat[S any](t *testing.T, r *rand.Rand, start *S, events int, deliver func(*S, int) Said) {
	t.Helper()
	c := copier[S]{layouts: layouts{}}
	m := c.fresh(start)
	order := r.Perm(events)
	for i, e := range order {
		deliver(m, e)
		before := c.hash(m, 0)
		for _, old := range slices.Backward(order[:i+1]) {
			if said := deliver(m, old); said != 0 || c.hash(m, 0) != before {
				t.Fatalf("event %d, again after %v, says %b", old, order[:i+1], said)
			}
		}
	}
}
