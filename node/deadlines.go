package node

import (
	"slices"
	"time"

	"abad/ledger"
)

const (
	// patienceParts is how long slots are waited for that are not ready when enough
	// others are in (see [ledger.Linger]): so many times as long as that took, here so
	// far or usually. With once as long, a batch of a MiB that busy processors are slow
	// to bring loses its slot now and then, and where some nodes vote it out and some
	// in, one in some thirty ends with a coin. A proposer that is silent, or lists what
	// it never sends, costs no more than that wait, and is benched for it.
	patienceParts = 3
	// maxPatience caps that wait.
	maxPatience = 200 * time.Millisecond
)

// patience keeps when to hurry the epochs that wait for their last slots.
type patience struct {
	usual time.Duration // from an epoch's opening here until enough slots are in, smoothed
	due   []deadline
}

type deadline struct {
	epoch uint64
	at    time.Time
}

// begin notes that epoch has begun to wait. A node that was itself late to open it
// (age is 0: it has not) waits as long as is usual: others may be as late. How long
// that is, f nodes cannot make longer, which are not needed for enough.
func (p *patience) begin(epoch uint64, age time.Duration, now time.Time) {
	switch {
	case p.usual == 0:
		p.usual = age
	case age > 0:
		p.usual += (age - p.usual) / 8
	}
	p.due = append(p.due, deadline{epoch, now.Add(min(patienceParts*max(age, p.usual), maxPatience))})
}

// done forgets an epoch that waits for nothing any more.
func (p *patience) done(epoch uint64) {
	p.due = slices.DeleteFunc(p.due, func(d deadline) bool { return d.epoch == epoch })
}

// over takes the epochs whose wait is over.
func (p *patience) over(now time.Time) (list []uint64) {
	p.due = slices.DeleteFunc(p.due, func(d deadline) bool {
		over := !now.Before(d.at)
		if over {
			list = append(list, d.epoch)
		}
		return over
	})
	return list
}

// next is when the next wait is over; zero: none is under way.
func (p *patience) next() (at time.Time) {
	for _, d := range p.due {
		if at.IsZero() || d.at.Before(at) {
			at = d.at
		}
	}
	return at
}

// hurry ends the waits that are over.
func (d *driver) hurry() {
	now := time.Now()
	if d.pace.over(now) {
		d.mayOpen(true)
		d.batcher.rested()
		d.input(ledger.Rested{})
	}
	for _, epoch := range d.patience.over(now) {
		d.input(ledger.Hurried{Epoch: epoch})
	}
	for _, u := range d.signers.due(now, d.ledger.CertifiedHeight()) {
		d.certifier.sign(u.epoch, u.hash)
	}
}

func (d *driver) untilDeadline() time.Duration {
	wait := time.Hour
	for _, t := range []time.Time{d.pace.next, d.tick.due, d.signers.next(), d.patience.next()} {
		if !t.IsZero() {
			wait = min(wait, time.Until(t))
		}
	}
	return max(wait, 0)
}
