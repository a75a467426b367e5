package node

import (
	"slices"
	"time"

	"abad/aba"
	"abad/acs"
	"abad/bft"
	"abad/ledger"
	"abad/net"
	"abad/store"
)

// tick collects what a tick has decided, in the order in which it must happen.
type tick struct {
	blocks  []ledger.Committed
	rows    []store.Block // the first of blocks, as the store has them
	told    int           // so many of blocks are announced
	certs   []ledger.Certified
	journal []store.Record
	stored  []func() error // wait for batches
	send    []net.Outgoing
	due     time.Time    // when all of this has to be durable, and send to go; zero: it can wait
	self    []ledger.Msg // to ourselves, not handled yet
}

// lull is how long a message that nobody waits for in a good run waits for company:
// a frame costs its sender and its receiver much the same whatever is in it, and a
// third of them would have nothing else to say.
const lull = 10 * time.Millisecond

// say queues a message, which may wait so long.
func (t *tick) say(out net.Outgoing, wait time.Duration) {
	t.send = append(t.send, out)
	t.within(wait)
}

// within bounds how long the tick waits for company.
func (t *tick) within(wait time.Duration) {
	if due := time.Now().Add(wait); t.due.IsZero() || due.Before(t.due) {
		t.due = due
	}
}

// canWait is how long a message may wait. When every node has voted for every header
// at once, that decides, and then AUX and DECIDE are there only for those who have not
// heard all of it; where the last block was not made like that, everybody waits for
// the AUX. For shares of certificates nobody waits.
func (d *driver) canWait(m ledger.Msg) time.Duration {
	switch kind := m.ACS.ABA.Kind; {
	case !m.Cert.IsZero(), kind == aba.Decide, kind == aba.Aux && m.ACS.ABA.Round == 0 && d.unanimous:
		return lull
	}
	return 0
}

// unanimous reports whether everybody had voted for every header that a block has.
func unanimous(q bft.Quorum, slots []acs.Slot) bool {
	return !slices.ContainsFunc(slots, func(s acs.Slot) bool { return s.Accepted && s.Ready.Len() < q.All() })
}

// certain reports whether nothing can undo these blocks, though they are on no disk
// here. That is so when the first vote of every node was for every header, ours among
// them: correct nodes have their votes on disk, and will never decide anything else. A
// value that the block skipped has to be looked up in the log, and waits for it.
func (d *driver) certain(blocks []ledger.Committed) bool {
	for _, c := range blocks {
		slots := d.ledger.Slots(c.Block.Header.Epoch)
		if len(slots) == 0 || slices.ContainsFunc(slots, func(s acs.Slot) bool { return !s.Unanimous }) ||
			slices.ContainsFunc(c.Block.Batches, func(t ledger.Taken) bool { return t.Kept() < int(t.Total) }) {
			return false
		}
	}
	return true
}

// finish makes the tick durable and then sends. A tick that says nothing, or nothing
// that is due, waits with its sync for the next one that does: nobody can know of it
// before. Receipts for a block that is certain wait for no sync.
func (d *driver) finish() error {
	if d.failed != nil {
		return d.failed
	}
	t := &d.tick
	if len(t.certs) > 0 {
		d.archive.add(t.certs, d.ledger.CertifiedHeight())
		t.certs = t.certs[:0]
	}
	defer d.decider.watch()
	if err := d.decider.finish(); err != nil {
		return err
	}
	due := !t.due.IsZero() && !time.Now().Before(t.due)
	news := t.blocks[t.told:]
	if len(news) > 0 && !due && d.certain(news) {
		kept, err := d.store.Keep(t.stow()[t.told:]) // a crash of this process alone is no reason to forget them
		if err != nil {
			return err
		}
		if kept {
			d.announce(news)
			d.settle(news)
			t.told = len(t.blocks)
			t.within(lull)
		}
	}
	news = t.blocks[t.told:]
	if !due && len(news) == 0 && len(t.journal)+len(t.stored) < maxUnsynced {
		return nil
	}
	if err := d.persist(); err != nil {
		return err
	}
	d.announce(news)
	if len(t.blocks) > 0 {
		signal(d.archive.wake)
		d.grown.signal()
	}
	if due {
		d.transport.SendAt(d.position(), t.send...)
		clear(t.send)
		t.send, t.due = t.send[:0], time.Time{}
	} else if len(t.send) == 0 {
		d.transport.SetPosition(d.position())
	}
	d.settle(news)
	clear(t.stored)
	*t = tick{journal: t.journal[:0], stored: t.stored[:0], send: t.send, due: t.due, certs: t.certs}
	return nil
}

// end makes blocks durable of which there are receipts, so that a node that is stopped
// in order has them when it starts.
func (d *driver) end() error {
	if d.tick.told == 0 {
		return nil
	}
	defer d.grown.signal()
	return d.persist()
}

// persist writes blocks and journal, blocks first: a journal that speaks of the epoch
// e+K, and no block e that has opened it, would be of no use to a replay.
func (d *driver) persist() error {
	t := &d.tick
	blocks := t.stow()
	records := t.journal
	if d.forgetful {
		records = nil
	}
	if len(blocks)+len(records) > 0 {
		began := time.Now()
		if err := d.store.Commit(blocks, records); err != nil {
			return err
		}
		d.meters.Journal.Observe(time.Since(began).Seconds())
	}
	for _, stored := range t.stored {
		if err := stored(); err != nil {
			return err
		}
	}
	return nil
}

// stow gives the tick's blocks as the store has them.
func (t *tick) stow() []store.Block {
	for _, c := range t.blocks[len(t.rows):] {
		t.rows = append(t.rows, store.Block{
			Height: c.Block.Header.Epoch, Record: c.Block.Encode(), IDs: joinIDs(c.Values), Taken: digestsOf(c.Block),
		})
	}
	return t.rows
}

// position is what peers are told: durable blocks and certificates.
func (d *driver) position() net.Position {
	return net.Position{Committed: d.store.Height(), Certified: d.archive.stored.Load()}
}

// announce takes note of blocks that are durable, or certain.
func (d *driver) announce(blocks []ledger.Committed) {
	for _, c := range blocks {
		e := c.Block.Header.Epoch
		d.values.Add(c.Block.Header.Values)
		now := time.Now()
		view := d.view(e, now)
		if opened, ok := d.opened[e]; ok {
			d.pace.observe(now.Sub(opened), quorumTrip(d.quorum, d.trips()))
			delete(d.opened, e)
		}
		d.history.committed(c.Block, now, view)
		d.unanimous = unanimous(d.quorum, view.Slots)
		for _, s := range view.Slots {
			d.coins.Add(uint64(s.Coins))
			if s.Decided {
				d.meters.Rounds.Observe(float64(s.Rounds))
			}
		}
		d.tally.block(c.Block.Header, view.Slots, d.now())
		d.intake.taken(digestsOf(c.Block))
		switch {
		case e <= d.ledger.CertifiedHeight():
		case d.signers.ours(e):
			d.certifier.sign(e, c.Block.Hash())
		default:
			d.signers.wait(unsigned{e, c.Block.Hash(), now.Add(signPatience + 2*d.pace.took)})
		}
	}
	if len(blocks) > 0 {
		d.height.Store(blocks[len(blocks)-1].Block.Header.Epoch)
		d.grown.signal()
	}
}
