package sim

import (
	"fmt"

	"abad/aba"
	"abad/batch"
	"abad/bft"
)

// Class tells apart what no schedule may bring about from what must come about
// once the adversary relents.
type Class string

// The classes of failures.
const (
	Safety   Class = "safety"
	Liveness Class = "liveness"
)

// Failure is a property that did not hold.
type Failure struct {
	Class    Class
	Property string
	Detail   string
	Step     int
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s: %s (step %d)", f.Class, f.Property, f.Detail, f.Step)
}

// fail ends the run; the first failure counts.
func (w *world) fail(class Class, property, format string, args ...any) {
	if w.failure == nil {
		w.failure = &Failure{class, property, fmt.Sprintf(format, args...), w.step}
		w.note("FAILURE: %v", w.failure)
	}
}

// facts is what the correct nodes have said and done, as the checkers remember it.
type facts struct {
	w      *world
	epochs []*epochFacts // by number
	log    []logged      // the first correct node's word for each block
	values map[batch.ValueID]uint64
	taken  map[bft.Hash]bool
	shares map[string]tossed // of coins
}

type logged struct {
	hash   bft.Hash
	values []batch.ValueID
}

// epochFacts is about an epoch's slots.
type epochFacts struct {
	slots []slotFacts
}

// slotFacts is about one slot. Only correct nodes' words are in it.
type slotFacts struct {
	proposed []bft.Hash // by the proposer, if it is correct
	ready    bft.Hash   // what some node is ready for
	named    bft.Hash   // what some node has echoed; the liars use it
	decided  aba.Set
	tosses   []toss // of rounds 3, 7, ...

	rounds uint32
}

func (f *facts) init(w *world) {
	*f = facts{w: w, values: map[batch.ValueID]uint64{}, taken: map[bft.Hash]bool{}, shares: map[string]tossed{}}
}

// slot gives the facts of a slot of an epoch that correct nodes have to do with.
func (f *facts) slot(epoch uint64, id bft.ID) *slotFacts {
	for uint64(len(f.epochs)) <= epoch {
		f.epochs = append(f.epochs, nil)
	}
	if f.epochs[epoch] == nil {
		f.epochs[epoch] = &epochFacts{slots: make([]slotFacts, f.w.n)}
	}
	return &f.epochs[epoch].slots[id]
}

// blamed: no correct node finds fault with a correct node.
func (w *world) blamed(n *node, f bft.Fault) {
	if !n.correct() {
		return
	}
	if w.nodes[f.Peer].correct() {
		w.fail(Safety, "no blame among correct nodes", "node %d blames node %d: %v", n.id, f.Peer, f.Why)
		return
	}
	w.stats.Blames++
}
