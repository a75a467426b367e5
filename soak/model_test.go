package soak

import (
	"math"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
)

// What the log promises, as a model for the checker. The log is an append-only
// list; n is how many values it has.
//
//   - append: a submission that was answered. The value gets the next place, at one
//     moment between the request and the answer. Submissions are linearizable:
//     a value that is submitted after another one was acknowledged, by whichever
//     node, comes behind it.
//   - barrier read: submit a value of one's own, and read the log up to it at the node
//     that has answered. It is an append that tells all before it, so it is
//     linearizable too: it misses nothing that was acknowledged before it began.
//   - local read: read the log at any node. It gives a beginning of the one log, never
//     anything else, but it may be old: what other nodes have acknowledged can be
//     missing. At one node it never goes back, also over crashes (monotonic reads),
//     and it has all that this node has acknowledged (read your writes): an answer
//     to a submission counts as a read at that moment, unless it says that the node
//     does not have the block yet.
type kind int

const (
	appended kind = iota
	confirmed
	local
)

// input is what was asked. What came is, for an append, the number of values before
// it; for the others, how many values the node is known to have.
type input struct {
	kind kind
	node int
}

// state is the log as the model has it.
type state struct {
	n    int
	seen [4]int // the least that a local read at a node can give
}

var logModel = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(before, in, out any) (bool, any) {
		s, i, o := before.(state), in.(input), out.(int)
		if i.kind == appended {
			s.n++
			return o == s.n-1, s
		}
		if o > s.n || i.kind == local && o < s.seen[i.node] {
			return false, s
		}
		s.seen[i.node] = max(s.seen[i.node], o)
		return true, s
	},
}

func ops(list ...porcupine.Operation) []porcupine.Operation { return list }

func op(k kind, node int, call, back int64, out int) porcupine.Operation {
	return porcupine.Operation{ClientId: node, Input: input{k, node}, Call: call, Return: back, Output: out}
}

// The checker finds what it is there for.
func TestModel(t *testing.T) {
	history := ops(
		op(appended, 0, 1, 4, 0),
		op(confirmed, 0, 4, 4, 1),
		op(appended, 1, 2, 6, 1),
		op(confirmed, 1, 6, 6, 2),
		op(local, 0, 5, 7, 2),
		op(appended, -1, 3, math.MaxInt64, 3), // nobody knows when
		op(local, 1, 7, 9, 2),
		op(appended, 2, 8, 12, 2),
		op(confirmed, 2, 12, 12, 3),
		op(local, 2, 10, 11, 2), // its block is not here yet
		op(local, 3, 10, 11, 0), // old, and allowed
		op(local, 3, 13, 14, 4),
	)
	if !porcupine.CheckOperations(logModel, history) {
		t.Error("a good history is rejected")
	}
	for what, doctor := range map[string]func(h []porcupine.Operation){
		"a value before one that was acknowledged earlier": func(h []porcupine.Operation) { h[7].Output, h[2].Output = 1, 2 },
		"two values at one place":                          func(h []porcupine.Operation) { h[2].Output = 0 },
		"a place left out":                                 func(h []porcupine.Operation) { h[7].Output = 7 },
		"a read that lacks what its node acknowledged":     func(h []porcupine.Operation) { h[4].Output = 0 },
		"a read that goes back":                            func(h []porcupine.Operation) { h[10].Output, h[11].Output = 2, 1 },
		"a read of what was not submitted yet":             func(h []porcupine.Operation) { h[4].Output = 3 },
	} {
		doctored := slices.Clone(history)
		doctor(doctored)
		if porcupine.CheckOperations(logModel, doctored) {
			t.Errorf("accepted: %s", what)
		}
	}
}
