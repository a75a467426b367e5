package exhaust

// Quotient is a graph whose indistinguishable states are one: those that have said
// the same and, whatever arrives afterwards, will say the same (bisimulation).
// Replacing a node by its quotient changes nothing that anybody can see, so a
// search over the quotients is one over the nodes themselves.
type Quotient struct {
	Events []Event
	said   []Said
	moves  [][]move // by class; events that change nothing that can be seen are left out
	start  int32
}

type move struct{ event, to int32 }

// Classes is the number of classes.
func (q *Quotient) Classes() int { return len(q.said) }

// Minimize merges states in one pass, those with most arrivals first. A graph has
// no cycles but self-loops, so what a state leads to is classified before it.
//
// A state's signature is what it has said and the class that each event leads to,
// its own class being left out. A state can be in the class of one of its
// successors: then their signatures are equal once that class is left out of both.
// Otherwise it is in the class with its signature, or in a new one.
func Minimize(g *Graph) *Quotient {
	q := &Quotient{Events: g.Events}
	class := make([]int32, len(g.said))
	bySignature := map[string]int32{}
	for s := len(g.said) - 1; s >= 0; s-- {
		c, ok := q.ofSuccessor(g, class, s)
		if !ok {
			moves := classify(g, class, s, -1)
			sig := signature(g.said[s], moves)
			if c, ok = bySignature[sig]; !ok {
				c = int32(len(q.said))
				bySignature[sig] = c
				q.said, q.moves = append(q.said, g.said[s]), append(q.moves, moves)
			}
		}
		class[s] = c
	}
	q.start = class[0]
	return q
}

// ofSuccessor finds a successor's class that state s belongs to.
func (q *Quotient) ofSuccessor(g *Graph, class []int32, s int) (int32, bool) {
	tried := map[int32]bool{}
	for _, t := range g.next[s] {
		if int(t) == s || g.said[t] != g.said[s] || tried[class[t]] {
			continue
		}
		c := class[t]
		tried[c] = true
		if signature(g.said[s], classify(g, class, s, c)) == signature(q.said[c], q.moves[c]) {
			return c, true
		}
	}
	return 0, false
}

// classify lists where the events lead from s, without those that stay in s or
// lead to class own.
func classify(g *Graph, class []int32, s int, own int32) (moves []move) {
	for e, t := range g.next[s] {
		if int(t) != s && class[t] != own {
			moves = append(moves, move{int32(e), class[t]})
		}
	}
	return moves
}

func signature(said Said, moves []move) string {
	buffer := make([]byte, 0, 8+8*len(moves))
	for x := range 8 {
		buffer = append(buffer, byte(said>>(8*x)))
	}
	for _, m := range moves {
		buffer = append(buffer, byte(m.event), byte(m.to), byte(m.to>>8), byte(m.to>>16), byte(m.to>>24))
	}
	return string(buffer)
}
