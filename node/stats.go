package node

import (
	"context"

	"abad/net"
)

// Stats are counters for benchmarks and metrics. They run from the start of the
// process, but for Height and Transactions, which the disk remembers.
type Stats struct {
	Height       uint64 // the last block
	Values       uint64 // in blocks
	Coins        uint64 // common coins taken
	Transactions uint64 // of the store, each synced
	Queued       int64  // bytes of own values in no block

	MessagesOut, MessagesIn uint64      // protocol messages of all links
	Wire                    net.Wire    // QUIC packets of all links, all that was sent but for UDP and IP
	Control                 net.Traffic // frames: the votes
	Push                    net.Traffic // batches to those who need them
	Request                 net.Traffic // what was pulled

	// Slots and Rounds are a sample: slots of the blocks that have no certificate
	// yet, and the rounds that their agreements took.
	Slots, Rounds int
}

// Stats takes a snapshot.
func (n *Node) Stats(ctx context.Context) (Stats, error) {
	d := n.driver
	s := Stats{
		Height: d.height.Load(), Values: d.values.Load(), Coins: d.coins.Load(),
		Transactions: n.store.Transactions(), Queued: n.batcher.queue(),
	}
	for _, p := range n.transport.Stats().Peers {
		s.MessagesIn += p.MessagesIn
		s.MessagesOut += p.MessagesOut
		s.Wire.PacketsIn += p.Wire.PacketsIn
		s.Wire.PacketsOut += p.Wire.PacketsOut
		s.Wire.BytesIn += p.Wire.BytesIn
		s.Wire.BytesOut += p.Wire.BytesOut
		s.Wire.PacketsLost += p.Wire.PacketsLost
		add(&s.Control, p.Control)
		add(&s.Push, p.Push)
		add(&s.Request, p.Request)
	}
	err := d.look(ctx, func() {
		for e := d.ledger.CertifiedHeight() + 1; e <= d.ledger.Height(); e++ {
			for _, slot := range d.ledger.Slots(e) {
				s.Slots++
				s.Rounds += slot.Rounds
			}
		}
	})
	return s, err
}

func add(sum *net.Traffic, t net.Traffic) {
	sum.In += t.In
	sum.Out += t.Out
	sum.BytesIn += t.BytesIn
	sum.BytesOut += t.BytesOut
	sum.Dropped += t.Dropped
	sum.Refused += t.Refused
}
