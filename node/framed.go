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

// sayBatch sends a small batch of ours with what is said next, most likely the header
// that lists it. When that epoch has a certificate the message is forgotten; who has
// not got it pulls the batch, or the lookout offers it again.
func (d *driver) sayBatch(data []byte) {
	d.tick.say(net.Outgoing{Epoch: d.mine + 1, To: bft.Everyone, Msg: frame(batchMsg, data)}, lull)
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
	d.input(d.intake.queue(from, digest, bytes.Clone(data), ids)) // a part of a frame, so far
}
