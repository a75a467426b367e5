package sim

import (
	"fmt"
	"slices"

	"abad/bft"
)

// book is what every node has heard, for the grounds of what it says.
type book struct {
	quorum bft.Quorum
	heard  map[fact]bft.IDSet
}

// fact is what a node may have heard from several.
type fact struct {
	node  int
	epoch uint64
	slot  int
	kind  string
	round uint32
	value string
	first bool
}

func newBook(q bft.Quorum) *book { return &book{q, map[fact]bft.IDSet{}} }

// note takes down what a node hears, from itself too. READY is also a vote for 1
// in round 0.
func (b *book) note(r Record) {
	from := r.From
	switch r.Do {
	case doSays:
		from = r.Node
	case doHears:
	default:
		return
	}
	b.add(b.fact(r, r.Kind, r.Round, r.Value), from)
	if r.Kind == "READY" {
		b.add(b.fact(r, "BVAL", 0, "{1}"), from)
	}
	if first := b.fact(r, "BVAL", 0, r.Value); r.First {
		first.first = true
		if r.Kind == "READY" {
			first.value = "{1}"
		}
		b.add(first, from)
	}
}

func (b *book) fact(r Record, kind string, round uint32, value string) fact {
	return fact{node: r.Node, epoch: r.Epoch, slot: r.Slot, kind: kind, round: round, value: value}
}

func (b *book) add(f fact, from int) {
	set := b.heard[f]
	set.Add(bft.ID(from))
	b.heard[f] = set
}

func (b *book) of(r Record, kind string, round uint32, value string) bft.IDSet {
	return b.heard[b.fact(r, kind, round, value)]
}

// why gives the rule and the grounds of what a correct node says.
func (b *book) why(r Record) string {
	q := b.quorum
	switch r.Kind {
	case "VAL":
		return "it opens the epoch and proposes this header"
	case "ECHO":
		return "the proposer's header is here, and every batch that it lists"
	case "READY":
		if echo := b.of(r, "ECHO", 0, r.Value); echo.Len() >= q.Echo() {
			return grounds("Echo", q.Echo(), "ECHO", echo)
		}
		return grounds("Amplify", q.Amplify(), "READY", b.of(r, "READY", 0, r.Value))
	case "FETCH":
		return "the header is accepted and not here"
	case "FOUND":
		return "it was asked for the header"
	case "BVAL":
		return b.whyBVal(r)
	case "AUX":
		return "rule B, the value is in bin: " + grounds("Deliver", q.Deliver(), "BVAL", b.of(r, "BVAL", r.Round, r.Value))
	case "CONF":
		return "rule E: AUX(0) of " + names(b.of(r, "AUX", r.Round, "{0}")) + ", AUX(1) of " + names(b.of(r, "AUX", r.Round, "{1}"))
	case "SHARE":
		return "rule G, the outcome is fixed: CONF{0} of " + names(b.of(r, "CONF", r.Round, "{0}")) + ", CONF{1} of " +
			names(b.of(r, "CONF", r.Round, "{1}")) + ", CONF{0,1} of " + names(b.of(r, "CONF", r.Round, "{0,1}"))
	case "DECIDE":
		return b.whyDecide(r)
	case "CERT":
		return "it has committed the block"
	}
	return "?"
}

func (b *book) whyBVal(r Record) string {
	said := b.of(r, "BVAL", r.Round, r.Value)
	switch {
	case said.Len() >= b.quorum.Amplify():
		return "rule A, relay: " + grounds("Amplify", b.quorum.Amplify(), "BVAL", said)
	case r.Round == 0:
		return "it rejects the slot: enough others are settled, or it is benched and its proposer seems down"
	}
	return fmt.Sprintf("its estimate after round %d", r.Round-1)
}

func (b *book) whyDecide(r Record) string {
	if said := b.of(r, "DECIDE", 0, r.Value); said.Len() >= b.quorum.Amplify() {
		return grounds("Amplify", b.quorum.Amplify(), "DECIDE", said)
	}
	first := b.fact(r, "BVAL", 0, r.Value)
	first.first = true
	if set := b.heard[first]; set.Len() >= b.quorum.All() {
		return "unanimity: the first vote of all nodes"
	}
	for round := uint32(maxRounds); ; round-- {
		if aux := b.of(r, "AUX", round, r.Value); aux.Len() >= b.quorum.Wait() {
			return fmt.Sprintf("the coin of round %d is %s, and so %s", round, r.Value, grounds("Wait", b.quorum.Wait(), "AUX", aux))
		}
		if conf := b.of(r, "CONF", round, r.Value); conf.Len() >= b.quorum.Wait() {
			return fmt.Sprintf("the common coin of round %d is %s, and so %s", round, r.Value, grounds("Wait", b.quorum.Wait(), "CONF", conf))
		}
		if round == 0 {
			return "by a coin that this part of the trace does not show"
		}
	}
}

func grounds(quorum string, needs int, kind string, from bft.IDSet) string {
	return fmt.Sprintf("%s of %s, and %s is %d", kind, names(from), quorum, needs)
}

func names(set bft.IDSet) string {
	if set == (bft.IDSet{}) {
		return "nobody"
	}
	return fmt.Sprintf("nodes %v", slices.Collect(set.All()))
}
