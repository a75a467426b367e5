package sim

import (
	"abad/aba"
	"abad/acs"
	"abad/bft"
	"abad/ledger"
	"abad/rbc"
)

// replayOld repeats what it once said, and what others said as if it were its own.
func replayOld(l *liar, from bft.ID, msg *ledger.Msg) {
	d := l.n.w.dice
	if d.oneIn(8) {
		l.remember(msg)
	}
	if len(l.memory) > 0 && d.oneIn(6) {
		l.say(bft.ID(d.below(l.n.w.n)), l.memory[d.below(len(l.memory))])
	}
}

// farAway speaks of what nobody has got to, up to and beyond what is kept.
func farAway(l *liar, _ bft.ID, msg *ledger.Msg) {
	d, w := l.n.w.dice, l.n.w
	round, ok := about(msg)
	if !ok || !d.oneIn(8) {
		return
	}
	epoch := msg.Epoch + uint64(pick(d, 0, 0, 1, w.plan.window, w.plan.window+1, 1<<40))
	round += uint32(pick(d, 1, 2, aba.MaxAhead, aba.MaxAhead+1, 1<<30))
	m := acs.Msg{Slot: msg.ACS.Slot, ABA: aba.Msg{Kind: pick(d, aba.BVal, aba.Aux), Round: round, Values: aba.Of(d.flip())}}
	if d.oneIn(3) {
		m = acs.Msg{Slot: l.n.id, RBC: rbc.Msg{Kind: rbc.Val, Payload: ledger.Header{Time: 1 << 60}.Encode()}}
	}
	l.say(bft.ID(d.below(w.n)), ledger.Msg{Epoch: epoch, ACS: m})
}

// malformed sends the encoding of a message with bytes changed, cut or added, and
// messages of impossible form.
func malformed(l *liar, _ bft.ID, msg *ledger.Msg) {
	d := l.n.w.dice
	if !d.oneIn(8) {
		return
	}
	to := bft.ID(d.below(l.n.w.n))
	data := msg.Encode()
	switch d.below(6) {
	case 0:
		data = data[:d.below(len(data))]
	case 1:
		data = append(data, byte(d.below(256)))
	case 2, 3:
		for range 1 + d.below(3) {
			data[d.below(len(data))] ^= 1 << d.below(8)
		}
	case 4:
		bad := *msg
		bad.ACS.Slot = pick(d, -1, bft.ID(l.n.w.n), 1<<40)
		l.say(to, bad)
		return
	case 5:
		bad := *msg
		bad.Cert = ledger.Cert{Block: []byte{1}}
		l.say(to, bad)
		return
	}
	l.sayBytes(to, data)
}
