package node

import (
	"errors"
	"fmt"

	"abad/batch"
	"abad/bft"
	"abad/codec"
	"abad/ledger"
	"abad/store"
)

// restore brings the ledger to where the store is: blocks, batches, journal.
// Messages that the journal makes us send again go to the outbox, for the peers
// that have not got them.
func (d *driver) restore() error {
	if err := d.restoreBlocks(); err != nil {
		return err
	}
	for p := range d.store.Pending() {
		data, err := readBatch(d.store, p.Digest)
		if err != nil {
			return err
		}
		ids, err := batch.Check(data)
		if err != nil {
			return fmt.Errorf("stored batch %s: %w", p.Digest.Short(), err)
		}
		d.intake.charge(p.Digest, source{id: p.Maker}, int64(p.Size))
		d.input(ledger.Hold{Digest: p.Digest, Maker: p.Maker, Values: ids})
	}
	if err := d.decider.restore(); err != nil {
		return err
	}
	// Stores of format 1 may have a tick's journal and not its block, so records of an
	// epoch that was not open yet. Nothing of them was sent, and that epoch will be
	// opened anew, with another header: kept, the two would contradict each other.
	if err := d.store.Cut(d.store.Height()+d.follower.epochs+1, firstTopic-1); err != nil {
		return err
	}
	for _, epoch := range d.store.Epochs() {
		if epoch >= firstTopic {
			continue
		}
		if err := d.store.Journal(epoch, func(data []byte) error { return d.replay(epoch, data) }); err != nil {
			return fmt.Errorf("journal of epoch %d: %w", epoch, err)
		}
		d.absorb(ledger.Step{})
	}
	d.archive.restored(d.ledger.CertifiedHeight())
	d.transport.Release(d.ledger.CertifiedHeight())
	d.transport.SetPosition(d.position())
	d.clock()
	d.input(ledger.Resume{})
	return d.finish()
}

func (d *driver) restoreBlocks() error {
	height := d.store.Height()
	for h := d.ledger.RestoreFrom(height); h <= height; h++ {
		block, err := readBlock(d.store, h)
		if err != nil {
			return err
		}
		raw, err := d.store.BlockIDs(h)
		if err != nil {
			return fmt.Errorf("ids of block %d: %w", h, err)
		}
		ids, err := splitIDs(raw)
		if err != nil {
			return fmt.Errorf("ids of block %d: %w", h, err)
		}
		_, err = readCertificate(d.store, h)
		certified := err == nil
		if !certified && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := d.ledger.Restore(block, ids, certified); err != nil {
			return err
		}
		d.history.restored(block)
		if !certified {
			d.certifier.sign(h, block.Hash())
		}
	}
	d.height.Store(height)
	return nil
}

// replay makes a call of the journal again, in its place among the messages that
// the node heard of itself.
func (d *driver) replay(epoch uint64, data []byte) error {
	entry, err := ledger.DecodeEntry(d.quorum, data)
	if err != nil {
		return err
	}
	for d.ledger.Heard(epoch) < entry.Heard && d.hear() {
	}
	step, err := d.ledger.Replay(epoch, entry)
	if err != nil {
		return err
	}
	d.sort(step)
	return nil
}

func readBlock(s *store.Store, height uint64) (*ledger.Block, error) {
	record, err := s.Block(height)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", height, err)
	}
	block, err := ledger.DecodeBlock(record)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", height, err)
	}
	if block.Header.Epoch != height {
		return nil, fmt.Errorf("block %d: the store gives block %d", height, block.Header.Epoch)
	}
	return block, nil
}

// readBatch reads a batch and checks that it is the one: a disk may give a whole
// record that is another.
func readBatch(s *store.Store, d bft.Hash) ([]byte, error) {
	data, err := s.Batch(d)
	if err == nil && batch.Digest(data) != d {
		err = fmt.Errorf("batch %s: the store gives bytes with another digest", d.Short())
	}
	return data, err
}

func readCertificate(s *store.Store, height uint64) (ledger.Certificate, error) {
	var c ledger.Certificate
	data, err := s.Certificate(height)
	if err != nil {
		return c, fmt.Errorf("certificate of block %d: %w", height, err)
	}
	if err := codec.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("certificate of block %d: %w", height, err)
	}
	return c, nil
}

// readValues gives a block's values in order, without what it skipped.
func readValues(s *store.Store, height uint64) ([]batch.Value, error) {
	block, err := readBlock(s, height)
	if err != nil {
		return nil, err
	}
	values := make([]batch.Value, 0, block.Header.Values)
	for _, t := range block.Batches {
		data, err := readBatch(s, t.Digest)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", height, err)
		}
		for i, v := range batch.Values(data) {
			if !t.Skipped(i) {
				values = append(values, v)
			}
		}
	}
	return values, nil
}
