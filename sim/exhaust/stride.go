package exhaust

import "slices"

// A stride is what one node does at one go: it takes in messages that change nothing
// that others see, and then one that makes it speak.
//
// It is enough to look at strides. A silent arrival at one node and anything that
// happens at another one can change places: neither enables the other. So every
// history has one that visits the same [State.Said] in which each node's silent
// arrivals come right before the node speaks, or at the very end; and what a silent
// arrival leads to can still be reached before it, so that nothing is missing from
// [State.Future] either.
//
// Of two strides to a and b, the one to b is left out if a leads to b silently:
// the additional arrivals can wait too.
type stride struct {
	to     int32
	events []int32
}

// stand is what a node can do where it stands, as long as nobody else speaks.
type stand struct {
	strides []stride
	quiet   bool // it can silently take in all that correct nodes have sent to it
}

// spot is where a node stands: its class, and the events that can happen to it.
type spot struct {
	class   int32
	enabled uint64
}

// look finds the strides from a spot.
func (q *Quotient) look(at spot) (s stand) {
	reached, how := q.silently(at)
	targets := map[int32]bool{}
	for i, c := range reached {
		quiet := true
		for _, m := range q.moves[c] {
			if at.enabled>>m.event&1 == 0 {
				continue
			}
			quiet = quiet && q.Events[m.event].From == Faulty
			if q.said[m.to] != q.said[c] && !targets[m.to] {
				targets[m.to] = true
				s.strides = append(s.strides, stride{m.to, append(slices.Clip(how[i]), m.event)})
			}
		}
		s.quiet = s.quiet || quiet
	}
	for target := range targets {
		later, _ := q.silently(spot{target, at.enabled})
		for _, c := range later[1:] {
			delete(targets, c)
		}
	}
	s.strides = slices.DeleteFunc(s.strides, func(s stride) bool { return !targets[s.to] })
	return s
}

// silently lists the classes that a node can come to without a word, first its own,
// and one way to each.
func (q *Quotient) silently(at spot) (reached []int32, how [][]int32) {
	reached, how = []int32{at.class}, [][]int32{nil}
	seen := map[int32]bool{at.class: true}
	for i := 0; i < len(reached); i++ {
		for _, m := range q.moves[reached[i]] {
			if at.enabled>>m.event&1 != 0 && q.said[m.to] == q.said[at.class] && !seen[m.to] {
				seen[m.to] = true
				reached, how = append(reached, m.to), append(how, append(slices.Clip(how[i]), m.event))
			}
		}
	}
	return reached, how
}
