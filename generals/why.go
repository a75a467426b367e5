package generals

import (
	"fmt"

	"abad/aba"
	"abad/bft"
)

// Rule is by which rule a general has decided.
type Rule int

// The rules of package aba. In rounds 1, 2 and 3 of every four the coin is a constant:
// attack, attack, retreat.
const (
	Unanimity Rule = 1 + iota // all n were for it from the first
	Told                      // f+1 have decided so
	Constant                  // n-f support it alone, and the round's constant is it
	Coin                      // n-f are sure of nothing else, and the coin fell on it
)

// Why is a rule and the round, from 0, in which it held.
type Why struct {
	Rule  Rule
	Round int
}

// heard is what a general has heard on one topic, so far as it takes to say why.
type heard struct {
	first   [2]bft.IDSet // whose first word was 0, 1
	any     [2]bft.IDSet // who has said 0, 1 in round 0
	aux     map[uint32]*[2]bft.IDSet
	decides [2]bft.IDSet
}

func bit(v bool) int {
	if v {
		return 1
	}
	return 0
}

func (h *heard) note(from bft.ID, msg aba.Msg) {
	v, single := msg.Values.Single()
	if !single {
		return
	}
	switch {
	case msg.Kind == aba.BVal && msg.Round == 0:
		h.any[bit(v)].Add(from)
		if msg.First {
			h.first[bit(v)].Add(from)
		}
	case msg.Kind == aba.Decide:
		h.decides[bit(v)].Add(from)
	case msg.Kind == aba.Aux:
		if h.aux == nil {
			h.aux = map[uint32]*[2]bft.IDSet{}
		}
		if h.aux[msg.Round] == nil {
			h.aux[msg.Round] = new([2]bft.IDSet)
		}
		h.aux[msg.Round][bit(v)].Add(from)
	}
}

// why finds the rule that made v the decision when cause was heard, and took the
// machine from round `from` to round `to`. The machine does not say; but of what it
// has heard only one rule can have held.
func (h *heard) why(q bft.Quorum, cause aba.Msg, from, to int, v bool) Why {
	switch {
	case cause.Kind == aba.Decide && h.decides[bit(v)].Len() >= q.Amplify():
		return Why{Told, from}
	case h.first[bit(v)].Len() == q.All() && h.any[bit(!v)] == bft.IDSet{}:
		return Why{Unanimity, 0}
	case cause.Kind == aba.Share && int(cause.Round) < from:
		return Why{Coin, int(cause.Round)}
	}
	for round := from; round < to; round++ {
		if aba.Random(uint32(round)) {
			return Why{Coin, round}
		}
		aux := h.aux[uint32(round)]
		if constant := round%4 != 2; constant == v && aux != nil && aux[bit(v)].Len() >= q.Wait() {
			return Why{Constant, round}
		}
	}
	return Why{}
}

// says puts it into words; what is "attack" or "yes".
func (y Why) says(q bft.Quorum, what string) string {
	switch y.Rule {
	case Unanimity:
		return fmt.Sprintf("all %d said %s from the first", q.All(), what)
	case Told:
		if q.Faulty() == 0 {
			return "one general says that it is decided, and f = 0 takes him at his word"
		}
		return fmt.Sprintf("f+1 = %d say that it is decided, and one of them must be loyal", q.Amplify())
	case Constant:
		return fmt.Sprintf("n-f = %d found support for %s, and round %d favours it", q.Wait(), what, y.Round+1)
	}
	return fmt.Sprintf("n-f = %d did not stand against the coin of round %d, which fell on %s", q.Wait(), y.Round+1, what)
}
