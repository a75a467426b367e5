package sim

import (
	"encoding/binary"
	"slices"

	"abad/batch"
	"abad/ledger"
)

// committed: one log. Whoever is first to commit a block sets what it is; it must
// be a valid one, and everybody else's must be the same.
func (w *world) committed(n *node, c ledger.Committed) {
	if !n.correct() {
		return
	}
	e, hash := c.Block.Header.Epoch, c.Block.Hash()
	w.note("node %d commits block %d, %s, with %d values of slots %v", n.id, e, hash.Short(), len(c.Values), c.Block.Header.Accepted)
	w.digest = mix(w.digest ^ binary.BigEndian.Uint64(hash[:]))
	if want := n.disk.height() + uint64(len(n.tick.blocks)); e != want {
		w.fail(Safety, "blocks in order", "node %d commits block %d as its %dth", n.id, e, want)
		return
	}
	w.client.grow(w, e)
	w.bounded(n)
	f := &w.facts
	if e <= uint64(len(f.log)) {
		if first := f.log[e-1]; first.hash != hash || !slices.Equal(first.values, c.Values) {
			w.fail(Safety, "agreement on blocks", "node %d has block %d as %s with %d values, others as %s with %d",
				n.id, e, hash.Short(), len(c.Values), first.hash.Short(), len(first.values))
		}
		return
	}
	f.log = append(f.log, logged{hash, c.Values})
	w.validBlock(n, c)
}

// validBlock: what is in a block was submitted, and is there once; and enough
// slots are in that one of them is a correct node's.
func (w *world) validBlock(n *node, c ledger.Committed) {
	f, h := &w.facts, c.Block.Header
	if least := w.n - 2*w.plan.quorum.Faulty(); len(h.Accepted) < least {
		w.fail(Safety, "enough slots", "block %d of node %d has %d slots, fewer than %d", h.Epoch, n.id, len(h.Accepted), least)
	}
	for _, t := range c.Block.Batches {
		if f.taken[t.Digest] {
			w.fail(Safety, "integrity", "batch %s is in the log twice", t.Digest.Short())
		}
		f.taken[t.Digest] = true
		if _, exists := w.numbers[t.Digest]; !exists {
			w.fail(Safety, "validity", "block %d has batch %s, which nobody made", h.Epoch, t.Digest.Short())
		}
	}
	for _, id := range c.Values {
		if before, twice := f.values[id]; twice {
			w.fail(Safety, "integrity", "value %s is in blocks %d and %d", short(id), before, h.Epoch)
		}
		f.values[id] = h.Epoch
		if binary.BigEndian.Uint64(id[:]) >= w.newest {
			w.fail(Safety, "validity", "block %d has value %s, which nobody submitted", h.Epoch, short(id))
		}
	}
}

func short(id batch.ValueID) string { return id.String()[8:16] }

// certified: a certificate that a correct node takes proves the block of the log.
func (w *world) certified(n *node, c ledger.Certified) {
	if !n.correct() {
		return
	}
	if c.Epoch > uint64(len(w.facts.log)) || !w.proved(c.Epoch, w.facts.log[c.Epoch-1].hash, c.Certificate) {
		w.fail(Safety, "certificates prove blocks", "node %d has a certificate of block %d that does not", n.id, c.Epoch)
	}
}

// openedEpoch: no node runs further ahead than its window.
func (w *world) openedEpoch(n *node, epoch uint64) {
	w.note("node %d opens epoch %d", n.id, epoch)
	w.stats.Epochs = max(w.stats.Epochs, int(epoch))
	if n.correct() && epoch > n.m.Height()+uint64(w.plan.window) {
		w.fail(Safety, "bounded state", "node %d opens epoch %d at height %d with K=%d", n.id, epoch, n.m.Height(), w.plan.window)
	}
}

// bounded: nobody makes a node keep anything beyond its window, and what it keeps
// to send again is no more than an epoch's rounds can have.
func (w *world) bounded(n *node) {
	if far := n.m.Height() + uint64(w.plan.window) + 1; n.m.Slots(far) != nil {
		w.fail(Safety, "bounded state", "node %d at height %d keeps state of epoch %d", n.id, n.m.Height(), far)
	}
	if most := w.n * (8 + 2*w.n + 5*maxRounds); n.out.peak > most {
		w.fail(Safety, "bounded state", "node %d retains %d messages of one epoch, more than %d", n.id, n.out.peak, most)
	}
}

// grow lets the clients follow the highest correct node.
func (c *client) grow(w *world, height uint64) {
	if height <= c.tallest {
		return
	}
	c.tallest = height
	if height >= uint64(w.plan.epochs) {
		return
	}
	c.next = w.step // not here: a node is in the middle of something
}

// concluded: when nothing is left to happen, every correct node has the whole log,
// certified, and every value that a correct node took from a client is in it.
func (w *world) concluded() {
	for _, n := range w.nodes {
		if !n.correct() {
			continue
		}
		if n.m.Height() != uint64(len(w.facts.log)) {
			w.fail(Liveness, "totality", "node %d has come to rest at block %d of %d", n.id, n.m.Height(), len(w.facts.log))
		} else if n.disk.certified != n.m.Height() {
			w.fail(Liveness, "certificates", "node %d has come to rest with certificates up to %d of %d", n.id, n.disk.certified, n.m.Height())
		}
	}
	for number, b := range w.batches {
		if w.nodes[b.maker].correct() && !w.facts.taken[b.digest] {
			w.fail(Liveness, "every batch ends in a block", "batch %d of node %d is in none of %d", number, b.maker, len(w.facts.log))
		}
	}
	for _, b := range w.batches {
		for _, v := range b.values {
			if _, in := w.facts.values[v]; !in && w.nodes[b.maker].correct() {
				w.fail(Liveness, "every value ends in a block", "value %s of node %d is in none", short(v), b.maker)
			}
		}
	}
}
