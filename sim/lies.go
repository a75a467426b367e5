package sim

import (
	"abad/bft"
	"abad/codec"
	"abad/ledger"
	"abad/rbc"
)

// twoFaced goes hand in hand with some schedulers.
const twoFaced = "two-faced"

// behaviours in the order of the help.
var behaviours = []behaviour{
	{name: "silent", says: "sends nothing", begin: func(l *liar) { l.mute = true }, change: nothing},
	{name: "crash", says: "stops for ever in the middle of a broadcast", begin: beginCrash, change: crashed},
	{name: "equivocate", says: "gives two headers to two halves, and votes for each", change: equivocate},
	{name: "few", says: "gives its header to f+1 nodes only", change: toFew},
	{name: "withhold", says: "gives its batches to f+1 nodes only, and to nobody else who asks", begin: func(l *liar) { l.hides = true }},
	{name: "phantom", says: "lists batches that do not exist", change: phantom},
	{name: twoFaced, says: "tells each node a story of its own, the same in all rounds", begin: beginFaces, change: noVotes, hear: faceVotes},
	{name: "random", says: "votes at random", hear: randomVotes},
	{name: "flip", says: "votes against the coin once it has seen it", coin: flipVotes},
	{name: "bad-shares", says: "sends shares that do not verify", change: badShares},
	{name: "early-shares", says: "sends its shares before their time", hear: earlyShares},
	{name: "decide", says: "says that it has decided when it has not", hear: decideLies},
	{name: "replay", says: "repeats old messages, its own and others'", hear: replayOld},
	{name: "far", says: "speaks of rounds and epochs far ahead", hear: farAway},
	{name: "malformed", says: "sends bytes that are no message", hear: malformed},
	{name: "stale-answers", says: "boasts, and answers catch-up with old, cut and forged blocks", begin: func(l *liar) { l.boast = 5 }},
	{name: "deaf", says: "never reads", begin: func(l *liar) { l.deaf = true }},
}

func nothing(*liar, bft.ID, *ledger.Msg) bool { return false }

func beginCrash(l *liar) {
	l.ends = l.n.w.dice.below(epochEvents(l.n.w.n) * l.n.w.plan.epochs / l.n.w.n)
}

func crashed(l *liar, _ bft.ID, _ *ledger.Msg) bool {
	l.sent++
	if l.sent > l.ends {
		l.mute = true
	}
	return !l.mute
}

// own reports whether a message is about the liar's own slot.
func (l *liar) own(msg *ledger.Msg) bool { return msg.Cert.IsZero() && msg.ACS.Slot == l.n.id }

// equivocate replaces the header, and the votes for it, towards one half.
func equivocate(l *liar, to bft.ID, msg *ledger.Msg) bool {
	m := &msg.ACS.RBC
	if !l.own(msg) || !l.half[to] {
		return true
	}
	switch m.Kind {
	case rbc.Val, rbc.Found:
		h, err := ledger.DecodeHeader(m.Payload)
		if err != nil {
			return true
		}
		mine := bft.Sum(m.Payload)
		h.Time++
		h.Batches = nil
		m.Payload = h.Encode()
		l.other[mine] = bft.Sum(m.Payload)
	case rbc.Echo, rbc.Ready:
		if h, known := l.other[m.Hash]; known {
			m.Hash = h
		}
	}
	return true
}

func toFew(l *liar, to bft.ID, msg *ledger.Msg) bool {
	return !l.own(msg) || msg.ACS.RBC.Kind != rbc.Val || l.chosen[to]
}

// phantom lists a batch that nobody has.
func phantom(l *liar, _ bft.ID, msg *ledger.Msg) bool {
	m := &msg.ACS.RBC
	if l.own(msg) && m.Kind == rbc.Val {
		if h, err := ledger.DecodeHeader(m.Payload); err == nil {
			h.Batches = append(h.Batches, bft.Sum(codec.Marshal(msg.Epoch)))
			m.Payload = h.Encode()
		}
	}
	return true
}

// stale answers a request for blocks with nothing, with old ones, or with the
// right ones cut, forged or under another's certificate.
func (l *liar) stale(from uint64) []certifiedBlock {
	d, disk := l.n.w.dice, &l.n.disk
	var list []certifiedBlock
	start := from
	if d.flip() && from > 1 {
		start = from - 1
	}
	for h := start; h <= disk.height() && len(list) < servedBlocks; h++ {
		list = append(list, certifiedBlock{disk.blocks[h-1].Block, disk.certs[h-1], true})
	}
	if len(list) == 0 {
		return nil
	}
	at := &list[d.below(len(list))]
	forged := *at.block
	switch d.below(4) {
	case 0:
		forged.Batches = nil
	case 1:
		forged.Header.Time++
	case 2:
		forged.Header.Accepted = nil
	case 3:
		return list[len(list)-1:]
	}
	at.block = &forged
	return list
}
