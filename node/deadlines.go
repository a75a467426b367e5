package node

import (
	"time"

	"abad/ledger"
)

const (
	// patienceParts is how long headers are waited for that are here already, but not
	// ready when enough slots are in (see [ledger.Linger]): so many times as long as the
	// epoch has taken so far. With once as long, a batch of a MiB that busy processors
	// are slow to bring loses its slot now and then, and where some nodes vote it out
	// and some in, one in some thirty ends with a coin. A proposer that lists what it
	// never sends costs no more than that wait, and is benched for it.
	patienceParts = 3
	// maxPatience caps that wait.
	maxPatience = 200 * time.Millisecond
)

// deadline is when to hurry an epoch.
type deadline struct {
	epoch uint64
	at    time.Time
}

// lingering gives the deadline of an epoch that begins to wait now.
func lingering(epoch uint64, opened, now time.Time) deadline {
	return deadline{epoch, now.Add(min(patienceParts*now.Sub(opened), maxPatience))}
}

// hurry ends the waits that are over.
func (d *driver) hurry() {
	now := time.Now()
	if d.pace.over(now) {
		d.mayOpen(true)
		d.batcher.rested()
		d.input(ledger.Rested{})
	}
	for i := 0; i < len(d.patience); {
		if p := d.patience[i]; !now.Before(p.at) {
			d.patience = append(d.patience[:i], d.patience[i+1:]...)
			d.input(ledger.Hurried{Epoch: p.epoch})
			continue
		}
		i++
	}
	for _, u := range d.signers.due(now, d.ledger.CertifiedHeight()) {
		d.certifier.sign(u.epoch, u.hash)
	}
}

func (d *driver) untilDeadline() time.Duration {
	wait := time.Hour
	for _, p := range d.patience {
		wait = min(wait, time.Until(p.at))
	}
	for _, t := range []time.Time{d.pace.next, d.tick.due, d.signers.next()} {
		if !t.IsZero() {
			wait = min(wait, time.Until(t))
		}
	}
	return max(wait, 0)
}
