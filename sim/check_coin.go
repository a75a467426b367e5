package sim

import (
	"abad/aba"
	"abad/bft"
	"abad/coin"
	"abad/ledger"
)

// toss is what correct nodes have said of one random round.
type toss struct {
	confs  [aba.Both + 1]bft.IDSet // who sent CONF of which set
	single aba.Set                 // values of the CONF of one value
	shared bft.IDSet               // who has sent a share
	known  bool                    // the adversary has read the coin
	coin   aba.Set
	heard  []aba.Set // per node: the values of the AUX that have come to it
}

// tossed names a toss.
type tossed struct {
	epoch uint64
	slot  bft.ID
	round uint32
}

func (sl *slotFacts) toss(round uint32) *toss {
	for uint32(len(sl.tosses)) <= round/4 {
		sl.tosses = append(sl.tosses, toss{})
	}
	return &sl.tosses[round/4]
}

// saidConf: two correct nodes cannot confirm different single values, for either
// needs n-f AUX and each node sends one.
func (w *world) saidConf(n *node, msg *ledger.Msg, sl *slotFacts) {
	m := &msg.ACS.ABA
	t := sl.toss(m.Round)
	for set := range t.confs {
		if aba.Set(set) != m.Values && t.confs[set].Has(n.id) {
			w.fail(Safety, "a node never contradicts itself", "node %d sends two CONF in round %d of slot %d of epoch %d", n.id, m.Round, msg.ACS.Slot, msg.Epoch)
		}
	}
	t.confs[m.Values].Add(n.id)
	if _, single := m.Values.Single(); single {
		t.single |= m.Values
	}
	if t.single == aba.Both {
		w.fail(Safety, "crusader agreement", "correct nodes confirm {0} and {1} in round %d of slot %d of epoch %d", m.Round, msg.ACS.Slot, msg.Epoch)
	}
	if m.Values == aba.Both && (t.heard == nil || t.heard[n.id] != aba.Both) {
		w.fail(Safety, "CONF says what AUX said", "node %d confirms {0,1} in round %d of slot %d of epoch %d, and has not heard AUX of both values",
			n.id, m.Round, msg.ACS.Slot, msg.Epoch)
	}
}

// heardAux notes what AUX has come to a node in a random round.
func (w *world) heardAux(n *node, msg *ledger.Msg) {
	m := &msg.ACS.ABA
	if m.Kind != aba.Aux || !aba.Random(m.Round) || m.Round > maxRounds || !n.correct() ||
		msg.Epoch > w.client.tallest+farAhead || !w.plan.quorum.Valid(msg.ACS.Slot) {
		return
	}
	t := w.facts.slot(msg.Epoch, msg.ACS.Slot).toss(m.Round)
	if t.heard == nil {
		t.heard = make([]aba.Set, w.n)
	}
	t.heard[n.id] |= m.Values
}

// saidShare: binding. When the first correct share leaves, n-f CONF are in, so
// n-f less the faulty ones have been sent by correct nodes: the outcome is fixed
// before anybody can know the coin. And no coin is tossed twice.
func (w *world) saidShare(n *node, msg *ledger.Msg, sl *slotFacts) {
	m := &msg.ACS.ABA
	t := sl.toss(m.Round)
	if t.shared == (bft.IDSet{}) {
		w.stats.Coins++
		confirmed := 0
		for set := range t.confs {
			confirmed += t.confs[set].Len()
		}
		if least := w.plan.quorum.Wait() - w.plan.liarCount; confirmed < least {
			w.fail(Safety, "binding", "node %d gives its share of round %d of slot %d of epoch %d away after %d CONF of correct nodes, and there must be %d",
				n.id, m.Round, msg.ACS.Slot, msg.Epoch, confirmed, least)
		}
	}
	t.shared.Add(n.id)
	w.coinReused(n, msg)
	if !t.known && t.shared.Len()+w.plan.liarCount >= w.plan.quorum.Amplify() {
		t.known = true
		w.readCoin(msg.Epoch, msg.ACS.Slot, m.Round, t)
	}
}

// coinReused: the coin of a round is nobody else's. Shares are unique, so equal
// ones are of equal names.
func (w *world) coinReused(n *node, msg *ledger.Msg) {
	m := &msg.ACS
	now := tossed{msg.Epoch, m.Slot, m.ABA.Round}
	before, known := w.facts.shares[string(m.ABA.Share)]
	if known && before != now {
		w.fail(Safety, "coins are never shared", "node %d's share for round %d of slot %d of epoch %d is the one for round %d of slot %d of epoch %d",
			n.id, now.round, now.slot, now.epoch, before.round, before.slot, before.epoch)
	}
	w.facts.shares[string(m.ABA.Share)] = now
}

// readCoin gives the adversary a coin as soon as the faulty nodes could compute it
// with what correct nodes have sent.
func (w *world) readCoin(epoch uint64, slot bft.ID, round uint32, t *toss) {
	name := coin.EpochMessage(w.cluster, 1, epoch, slot, round)
	shares := make([]coin.Share, 0, w.plan.quorum.Amplify())
	for id := range w.plan.quorum.IDs() {
		if len(shares) < cap(shares) {
			shares = append(shares, coin.Share{From: id, Sig: w.signers[id].Sign(name)})
		}
	}
	sig, err := w.signers[0].Combine(name, shares)
	if err != nil {
		panic("sim: internal error: " + err.Error())
	}
	t.coin = aba.Of(coin.Bit(sig))
	w.sched.coinRead(epoch, slot, round)
	w.coinSeen(epoch, slot, round, coin.Bit(sig))
}
