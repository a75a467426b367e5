package sim

import (
	"slices"

	"abad/bft"
	"abad/ledger"
)

// crash stops a node between two instructions. Of what was not synced some may
// have reached the disk, the journal's and the blocks' each up to some point.
func (n *node) crash() {
	if n.m == nil {
		return
	}
	d := n.w.dice
	n.disk.persist(&n.tick, d.below(len(n.tick.journal)+1), d.below(len(n.tick.blocks)+1))
	n.tick = tick{}
	n.m, n.self = nil, nil
	n.life++
	n.ticking, n.following = false, false
	n.out.clear()
	for id := range n.peers {
		n.w.disconnect(n.id, bft.ID(id))
	}
	n.w.note("node %d crashes with %d blocks on disk", n.id, n.disk.height())
}

// restart builds the node again from its disk, as the driver does: blocks, batches,
// journal, and what the journal makes it say again.
func (n *node) restart() {
	if n.m != nil {
		return
	}
	n.w.note("node %d restarts with %d blocks and %d journal entries", n.id, n.disk.height(), len(n.disk.journal))
	n.m = ledger.New(n.config())
	n.depth = 0
	n.restoreBlocks()
	n.input(ledger.Clock{Now: n.w.clock(n)})
	for _, number := range n.pending() {
		b := &n.w.batches[number]
		n.input(ledger.Hold{Digest: b.digest, Maker: b.maker, Values: b.values})
	}
	n.replay()
	n.out.released = n.disk.certified
	n.input(ledger.Resume{})
	n.finish()
	for id := range n.peers {
		n.w.connect(n.id, bft.ID(id))
	}
}

func (n *node) restoreBlocks() {
	height := n.disk.height()
	for h := n.m.RestoreFrom(height); h <= height; h++ {
		c := n.disk.blocks[h-1]
		certified := n.disk.certs[h-1].Block != nil
		if err := n.m.Restore(c.Block, c.Values, certified); err != nil && n.correct() {
			n.w.fail(Safety, "a node's own log", "node %d: restoring block %d: %v", n.id, h, err)
		}
		if !certified {
			n.w.job(n, job{sign: true, epoch: h, hash: c.Block.Hash()})
		}
	}
}

// pending lists the stored batches that are in no block here.
func (n *node) pending() (numbers []int) {
	taken := map[bft.Hash]bool{}
	for _, c := range n.disk.blocks {
		for _, t := range c.Block.Batches {
			taken[t.Digest] = true
		}
	}
	for number, has := range n.disk.has {
		if has && !taken[n.w.batches[number].digest] {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// replay makes the calls of the journal again, epoch by epoch. Entries of epochs
// that were not open yet go first: a crash has left them and lost the block that
// had opened the epoch, nothing of them was sent, and the epoch will be opened anew.
func (n *node) replay() {
	n.disk.cut(n.disk.height() + uint64(n.w.plan.window))
	slices.SortStableFunc(n.disk.journal, func(a, b record) int { return int(int64(a.epoch - b.epoch)) })
	for _, r := range n.disk.journal {
		entry := r.entry
		if n.w.plan.distrust {
			var err error
			if entry, err = ledger.DecodeEntry(n.w.plan.quorum, entry.Encode()); err != nil {
				n.w.fail(Safety, "a node's own log", "node %d: journal of epoch %d: %v", n.id, r.epoch, err)
				return
			}
		}
		n.w.inside = n
		step, err := n.m.Replay(r.epoch, entry)
		n.w.inside = nil
		if err != nil && n.correct() {
			n.w.fail(Safety, "a node's own log", "node %d: replay of epoch %d: %v", n.id, r.epoch, err)
		}
		n.absorb(step)
	}
}
