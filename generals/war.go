package generals

import (
	"fmt"
	"math/rand/v2"

	"abad/bft"
	"abad/coin"
	"abad/coin/cointest"
)

// maxArrivals ends a run in which too many traitors keep the others busy for ever;
// no run with n > 3t comes near to it.
const maxArrivals = 1 << 20

// Verdict is what a loyal general has decided on one topic.
type Verdict struct {
	Decided bool
	Attack  bool
	Hour    int
	Coins   int // common coins that he had seen
	Why     Why
}

// Action is what a loyal general does in the end.
type Action struct {
	Known  bool
	Attack bool
	Hour   int
	Count  int // generals whom he counts on, with a threshold
}

// Report is what has happened.
type Report struct {
	Options
	Quorum   bft.Quorum
	Orders   []bool      // of every loyal general
	Topics   []string    // what is decided
	Letters  []*Letter   // in the order in which they were written
	Verdicts [][]Verdict // by loyal general and topic
	Actions  []Action    // by loyal general
	CutOff   bool        // it would have gone on
}

// war is a run.
type war struct {
	o        Options
	quorum   bft.Quorum
	rand     *rand.Rand
	signers  []coin.Signer
	hour     int
	road     road
	loyal    []*general
	traitors map[bft.ID]*traitor
	report   *Report
}

// cluster names the army in what the coin signs.
var cluster = bft.Sum([]byte("abad/generals"))

const era = 1

// Play runs the options, which [Options.Check] has to accept.
func Play(o Options) (*Report, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	q, err := bft.NewQuorum(o.Generals)
	if err != nil {
		return nil, err
	}
	w := &war{
		o: o, quorum: q, rand: rand.New(rand.NewPCG(o.Seed, 0x67656e6572616c73)),
		signers:  cointest.Signers(o.Generals, q.Amplify(), o.Seed),
		traitors: map[bft.ID]*traitor{},
		report:   &Report{Options: o, Quorum: q, Orders: o.Draw(), Actions: make([]Action, o.loyal())},
	}
	w.name()
	for id := range q.IDs() {
		if !o.isLoyal(id) {
			w.traitors[id] = newTraitor(w, id)
			continue
		}
		g, err := newGeneral(w, id)
		if err != nil {
			return nil, err
		}
		w.loyal = append(w.loyal, g)
	}
	w.begin()
	w.ride()
	for _, g := range w.loyal {
		w.report.Verdicts = append(w.report.Verdicts, g.verdicts)
	}
	return w.report, nil
}

// name lists what is to be decided.
func (w *war) name() {
	if !w.council() {
		w.report.Topics = []string{"attack"}
		return
	}
	for id := range w.quorum.IDs() {
		w.report.Topics = append(w.report.Topics, fmt.Sprintf("general %d attacks", id+1))
	}
}

// council reports whether every general decides for himself.
func (w *war) council() bool { return w.o.Threshold != Fraction{} }

// begin is hour 0: traitors first, for they know what is coming.
func (w *war) begin() {
	for id := range w.quorum.IDs() {
		if t := w.traitors[id]; t != nil {
			t.begin()
		}
	}
	for id, g := range w.loyal {
		switch {
		case w.council():
			g.announce(w.report.Orders[id])
		case w.o.Lie != Commander:
			g.vote(0, w.report.Orders[id])
		}
	}
}
