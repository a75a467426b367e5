package generals

import (
	"fmt"

	"abad/aba"
	"abad/bft"
	"abad/decision"
)

// general is a loyal one.
type general struct {
	war      *war
	id       bft.ID
	machine  *decision.Machine
	voted    []bool
	heard    []heard
	verdicts []Verdict
	decided  int
}

func newGeneral(w *war, id bft.ID) (*general, error) {
	topics := len(w.report.Topics)
	g := &general{
		war: w, id: id, voted: make([]bool, topics), heard: make([]heard, topics), verdicts: make([]Verdict, topics),
		machine: decision.New(decision.Config{Quorum: w.quorum, Self: id, Cluster: cluster, Era: era, Signer: w.signers[id]}),
	}
	_, err := g.machine.Input(decision.Resume{})
	return g, err
}

// vote puts the general's word in, if he has not given it.
func (g *general) vote(topic int, attack bool) {
	if g.voted[topic] {
		return
	}
	g.voted[topic] = true
	name := g.war.report.Topics[topic]
	before, _ := g.machine.Lookup(name)
	step, err := g.machine.Input(decision.Vote{Name: name, Value: attack})
	if err != nil {
		panic(fmt.Sprintf("generals: internal error: %v", err)) // it is the only vote
	}
	g.note(topic, aba.Msg{}, before, step)
	g.act(topic, step)
}

// read takes a letter.
func (g *general) read(l *Letter) {
	if v, ordered := l.Order.Single(); ordered {
		g.vote(l.Topic, v)
	}
	var all decision.Step
	for _, msg := range l.Msgs {
		s := g.handle(l.Topic, l.From, msg)
		all.Send = append(all.Send, s.Send...)
	}
	g.act(l.Topic, all)
}

// handle gives a message to the machine and notes what comes of it.
func (g *general) handle(topic int, from bft.ID, msg aba.Msg) decision.Step {
	name := g.war.report.Topics[topic]
	before, _ := g.machine.Lookup(name)
	g.heard[topic].note(from, msg)
	step := g.machine.Handle(from, decision.Msg{Name: name, ABA: msg})
	g.note(topic, msg, before, step)
	return step
}

// note enters a decision.
func (g *general) note(topic int, cause aba.Msg, before decision.Status, step decision.Step) {
	for _, out := range step.Out {
		d, ok := out.(decision.Decided)
		if !ok {
			continue
		}
		after, _ := g.machine.Lookup(d.Name)
		g.verdicts[topic] = Verdict{
			Decided: true, Attack: d.Value, Hour: g.war.hour, Coins: after.Coins,
			Why: g.heard[topic].why(g.war.quorum, cause, max(before.Rounds, 1)-1, after.Rounds-1, d.Value),
		}
		g.decided++
	}
}

// act writes the letter that a step asks for. What the general says to himself he
// hears at once.
func (g *general) act(topic int, first decision.Step) {
	letter := &Letter{From: g.id, To: g.war.others(g.id), Topic: topic}
	for todo := []decision.Step{first}; len(todo) > 0; todo = todo[1:] {
		for _, e := range todo[0].Send {
			letter.Msgs = append(letter.Msgs, e.Msg.ABA)
			todo = append(todo, g.handle(topic, g.id, e.Msg.ABA))
		}
	}
	if len(letter.Msgs) > 0 {
		g.war.send(letter)
	}
	if g.verdicts[topic].Decided && !g.war.report.Actions[g.id].Known {
		g.conclude(&g.war.report.Actions[g.id])
	}
}

// conclude acts on what is decided by now.
func (g *general) conclude(action *Action) {
	if g.war.council() {
		g.count(action)
		return
	}
	*action = Action{Known: true, Attack: g.verdicts[0].Attack, Hour: g.war.hour}
}
