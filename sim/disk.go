package sim

import (
	"slices"

	"abad/ledger"
)

// disk is what survives a crash of its node: what was synced. Batches are durable
// before the ledger hears of them.
type disk struct {
	blocks    []ledger.Committed
	certs     []ledger.Certificate // per block; empty where there is none yet
	certified uint64               // every block up to here has its certificate
	journal   []record
	entries   int // ever written

	has []bool // by number of the batch
}

// record is a journal entry and its epoch.
type record struct {
	epoch uint64
	entry ledger.Entry
}

func (d *disk) height() uint64 { return uint64(len(d.blocks)) }

// persist syncs the first so many entries and blocks of a tick: all of them, or
// less in a crash. The two are written side by side.
func (d *disk) persist(t *tick, entries, blocks int) {
	d.journal = append(d.journal, t.journal[:entries]...)
	for _, c := range t.blocks[:blocks] {
		d.blocks = append(d.blocks, c)
		d.certs = append(d.certs, ledger.Certificate{})
	}
}

func (d *disk) certify(c ledger.Certified) { d.certs[c.Epoch-1] = c.Certificate }

// certifiedRun is the last block up to which all certificates are here.
func (d *disk) certifiedRun() uint64 {
	e := d.certified
	for e < d.height() && d.certs[e].Block != nil {
		e++
	}
	return e
}

// trim forgets the journal of certified epochs.
func (d *disk) trim() {
	keep := d.journal[:0]
	for _, r := range d.journal {
		if r.epoch > d.certified {
			keep = append(keep, r)
		}
	}
	clear(d.journal[len(keep):])
	d.journal = keep
}

// cut forgets the journal of the epochs after last.
func (d *disk) cut(last uint64) {
	d.journal = slices.DeleteFunc(d.journal, func(r record) bool { return r.epoch > last })
}

// put stores a batch and reports whether it is new.
func (d *disk) put(number int) bool {
	for len(d.has) <= number {
		d.has = append(d.has, false)
	}
	before := d.has[number]
	d.has[number] = true
	return !before
}

func (d *disk) holds(number int) bool { return number < len(d.has) && d.has[number] }
