package node

import (
	"time"

	"abad/ledger"
)

// deadline is when to hurry an epoch.
type deadline struct {
	epoch uint64
	at    time.Time
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
