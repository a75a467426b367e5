package node

import (
	"bytes"
	"fmt"

	"abad/batch"
	"abad/bft"
	"abad/net"
)

// maxFramed is up to how many bytes a batch goes to the peers as a message, in one
// frame with the header that lists it. A larger one goes ahead on a stream of its own,
// which costs both ends more than so few bytes do, and does not hold up votes.
const maxFramed = 8 << 10

// maxFrames bounds the batches that go ahead of one header: votes wait behind them.
const maxFrames = 64 << 10

// framed counts the batches that went with the header of an epoch.
type framed struct {
	epoch uint64
	bytes int
}

// sayBatch sends a small batch of ours with what is said next, most likely the header
// that lists it. When that epoch has a certificate the message is forgotten; who has
// not got it pulls the batch, or the lookout offers it again. A node that will not open
// the next epoch by itself, as it is behind, silent, or waits for others, pushes it.
func (d *driver) sayBatch(digest bft.Hash, data []byte) {
	next, height := d.mine+1, d.ledger.Height()
	if d.framed.epoch != next {
		d.framed = framed{epoch: next}
	}
	if next <= max(height, d.ledger.Muted()) || next > height+d.window || d.framed.bytes+len(data) > maxFrames {
		d.offer(digest)
		return
	}
	d.framed.bytes += len(data)
	d.tick.say(net.Outgoing{Epoch: next, To: bft.Everyone, Msg: frame(batchMsg, data)}, lull)
}

// heardBatch takes in a small batch. Nobody waits here: from a maker with too much that
// no block has taken it is dropped, and pulled when a header lists it.
func (d *driver) heardBatch(from bft.ID, data []byte) {
	if len(data) > maxFramed {
		d.faults.note(bft.Fault{Peer: from, Why: fmt.Errorf("%w: %d bytes in a frame", batch.ErrMalformed, len(data))})
		return
	}
	if d.intake.full(from) {
		return
	}
	digest := batch.Digest(data)
	if d.intake.has(digest) {
		return
	}
	ids, err := batch.Check(data)
	if err != nil {
		d.faults.note(bft.Fault{Peer: from, Why: err})
		return
	}
	d.input(d.intake.queue(source{id: from}, digest, bytes.Clone(data), ids)) // a part of a frame, so far
}
