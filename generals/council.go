package generals

import "abad/aba"

// announce tells everybody what this general will do.
func (g *general) announce(attack bool) {
	g.war.send(&Letter{From: g.id, To: g.war.others(g.id), Topic: int(g.id), Order: aba.Of(attack)})
	g.vote(int(g.id), attack)
}

// count gives up waiting for letters when n-f decisions are made, and acts when
// all are.
func (g *general) count(action *Action) {
	if g.decided >= g.war.quorum.Wait() {
		for topic := range g.voted {
			g.vote(topic, false)
		}
	}
	if action.Known || g.decided < len(g.verdicts) {
		return // or a decision that the votes brought has counted already
	}
	will := 0
	for _, v := range g.verdicts {
		if v.Attack {
			will++
		}
	}
	*action = Action{Known: true, Count: will, Attack: will >= g.war.o.Threshold.Of(g.war.o.Generals), Hour: g.war.hour}
}
