package generals

import (
	"abad/aba"
	"abad/bft"
	"abad/coin"
)

// traitor lies to every loyal general apart. He has no machine: he knows which
// letters a loyal general would expect, and says what he likes in each.
type traitor struct {
	war  *war
	id   bft.ID
	lied []uint32 // by topic, the rounds that he has lied about, from 0
}

func newTraitor(w *war, id bft.ID) *traitor {
	return &traitor{war: w, id: id, lied: make([]uint32, len(w.report.Topics))}
}

// begin lies before anybody loyal has said a word.
func (t *traitor) begin() {
	if t.war.o.Lie == Silent {
		return
	}
	if t.war.o.Lie == Commander && t.id == bft.ID(t.war.o.loyal()) {
		t.command()
	}
	for topic := range t.lied {
		if t.war.council() && topic == int(t.id) {
			t.promise()
		}
		t.lie(topic)
	}
}

// read answers the first letter about each round.
func (t *traitor) read(l *Letter) {
	for _, msg := range l.Msgs {
		if t.war.o.Lie != Silent && msg.Round >= t.lied[l.Topic] {
			t.lie(l.Topic)
		}
	}
}

// command gives every loyal general his order, one for each kind of it.
func (t *traitor) command() {
	for _, attack := range []bool{true, false} {
		t.send(&Letter{Order: aba.Of(attack)}, func(to bft.ID) bool { return t.war.report.Orders[to] == attack })
	}
}

// promise tells some that he will attack, and others that he will not.
func (t *traitor) promise() {
	for to := range t.war.loyal {
		attack := t.says(bft.ID(to))
		t.send(&Letter{Topic: int(t.id), Order: aba.Of(attack)}, func(id bft.ID) bool { return id == bft.ID(to) })
	}
}

// says is what he tells a loyal general.
func (t *traitor) says(to bft.ID) bool {
	if t.war.o.Lie == Random {
		return t.war.rand.IntN(2) == 0
	}
	return t.war.o.Half(to)
}

// lie writes all letters of the next round to everybody loyal.
func (t *traitor) lie(topic int) {
	round := t.lied[topic]
	t.lied[topic]++
	if t.war.o.Lie == Random {
		for to := range t.war.o.loyal() {
			msgs := t.round(topic, round, func() aba.Set { return aba.Set(t.war.rand.IntN(int(aba.Both) + 1)) })
			t.send(&Letter{Topic: topic, Msgs: msgs}, func(id bft.ID) bool { return id == bft.ID(to) })
		}
		return
	}
	for _, attack := range []bool{true, false} {
		msgs := t.round(topic, round, func() aba.Set { return aba.Of(attack) })
		t.send(&Letter{Topic: topic, Msgs: msgs}, func(id bft.ID) bool { return t.war.o.Half(id) == attack })
	}
}

// round gives every kind of message of a round, with values of the traitor's;
// those that are to have none are left out, those that are to have both are two.
func (t *traitor) round(topic int, round uint32, value func() aba.Set) []aba.Msg {
	var msgs []aba.Msg
	each := func(kind aba.Kind) {
		set := value()
		for _, v := range []bool{true, false} {
			if set.Has(v) {
				msgs = append(msgs, aba.Msg{Kind: kind, Round: round, Values: aba.Of(v), First: kind == aba.BVal && round == 0})
			}
		}
	}
	each(aba.BVal)
	each(aba.Aux)
	if aba.Random(round) {
		each(aba.Conf)
		share := make([]byte, coin.SignatureSize) // no share at all
		if value().Has(true) {
			share = t.war.signers[t.id].Sign(coin.DecisionMessage(cluster, era, t.war.report.Topics[topic], round))
		}
		msgs = append(msgs, aba.Msg{Kind: aba.Share, Round: round, Share: share})
	}
	if round == 0 {
		each(aba.Decide)
	}
	return msgs
}

// send writes to those loyal generals for whom the letter is.
func (t *traitor) send(l *Letter, is func(bft.ID) bool) {
	l.From, l.Lie = t.id, true
	for to := range t.war.o.loyal() {
		if is(bft.ID(to)) {
			l.To = append(l.To, bft.ID(to))
		}
	}
	if len(l.To) > 0 && (len(l.Msgs) > 0 || l.Order != aba.None) {
		t.war.send(l)
	}
}
