package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"abad/batch"
	"abad/ledger"
	"abad/store"
)

// Enqueue puts values on their way and returns at once: the first one, and as many of
// the others as go with it, which the ticket tells. It copies the payloads. The receipts'
// time counts from when the values came. The errors are the first one's: [ErrEmpty],
// [ErrTooLarge], [ErrBusy] and [ErrStopped].
func (n *Node) Enqueue(came time.Time, vs ...batch.Value) (*Ticket, error) {
	return n.batcher.enqueue(came, vs...)
}

// Submit is Enqueue, and Wait for the receipt. [ErrTaken] says that the log has
// another value under this id.
func (n *Node) Submit(ctx context.Context, v batch.Value) (Receipt, error) {
	t, err := n.Enqueue(time.Now(), v)
	if err != nil {
		return Receipt{}, err
	}
	return t.Wait(ctx, 0)
}

// Limits are those in force.
func (n *Node) Limits() Limits { return n.config.Limits }

// Addr is the address that the node listens at for peers; nil before it does.
func (n *Node) Addr() net.Addr { return n.transport.Addr() }

// Listening is closed once the node can be reached by peers.
func (n *Node) Listening() <-chan struct{} { return n.transport.Listening() }

// Height is the last block of which there may be receipts. It is durable here, or so
// many votes for it are elsewhere that nothing can undo it, and it soon will be.
func (n *Node) Height() uint64 { return n.driver.height.Load() }

// WaitHeight waits until there is a block of this height.
func (n *Node) WaitHeight(ctx context.Context, height uint64) error {
	return n.driver.waitFor(ctx, func() bool { return n.Height() >= height })
}

// Block gives a block, or [ErrNotFound].
func (n *Node) Block(height uint64) (*ledger.Block, error) {
	n.landed(height)
	b, err := readBlock(n.store, height)
	return b, notFound(err)
}

// Values gives a block's values in order, each of which is nowhere else in the log;
// [ErrNotFound], or [ErrPruned].
func (n *Node) Values(height uint64) ([]batch.Value, error) {
	n.landed(height)
	v, err := readValues(n.store, height)
	return v, n.missing(height, err)
}

// landed waits until a block up to Height is durable, some milliseconds at most: who has
// a receipt finds the block, and nobody reads what a crash could take back here.
func (n *Node) landed(height uint64) {
	if height > n.store.Height() && height <= n.Height() {
		// It fails when the node has stopped, and then the block is here or not.
		_ = n.driver.waitFor(context.Background(), func() bool { return n.store.Height() >= height })
	}
}

// missing tells a batch that was pruned from one that never was.
func (n *Node) missing(height uint64, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if pruned, broken := readPruned(n.store); broken == nil && height <= pruned {
		return fmt.Errorf("%w: block %d of %d", ErrPruned, height, n.Height())
	}
	return notFound(err)
}

// Certificate gives a block's certificate, or [ErrNotFound] while there is none.
func (n *Node) Certificate(height uint64) (ledger.Certificate, error) {
	c, err := readCertificate(n.store, height)
	return c, notFound(err)
}

func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errors.Join(ErrNotFound, err)
	}
	return err
}

// Status tells how the node is.
func (n *Node) Status(ctx context.Context) (s Status, err error) {
	err = n.driver.look(ctx, func() { s = n.status() })
	return s, err
}

// status runs on the driver's goroutine.
func (n *Node) status() Status {
	d := n.driver
	s := Status{
		Node: n.config.Self, Nodes: n.quorum.All(), Faulty: n.quorum.Faulty(),
		Cluster: n.config.Cluster, Era: n.config.Era,
		Height: d.ledger.Height(), Hash: d.ledger.Hash(), Certified: d.archive.stored.Load(),
		Waiting: d.ledger.Waiting(), Orphans: d.ledger.Orphans(), Queued: n.batcher.queue(),
		Values: d.values.Load(), Coins: d.coins.Load(), Started: n.started,
	}
	if muted := d.ledger.Muted(); muted > s.Height {
		s.Silent = muted
	}
	if claimed := d.follower.credible(); claimed > s.Height {
		s.Behind = claimed - s.Height
		s.Left = d.follower.progress.eta(s.Height, claimed)
	}
	for _, e := range d.ledger.Open() {
		open := OpenEpoch{Epoch: e}
		for _, slot := range d.ledger.Slots(e) {
			if slot.Decided {
				open.Decided++
			}
		}
		s.Open = append(s.Open, open)
	}
	up := 1
	stats := n.transport.Stats()
	for id := range n.quorum.IDs() {
		if id == n.config.Self {
			continue
		}
		p, position := stats.Peers[id], d.follower.position(id)
		if p.Up {
			up++
		}
		s.Peers = append(s.Peers, PeerStatus{
			Node: id, Addr: n.config.Peers[id].Addr, Up: p.Up, RTT: p.RTT, LastError: p.LastError,
			Height: position.Committed, Certified: position.Certified, Faults: d.faults.count(id),
		})
	}
	s.Checks = n.checks(s, up)
	s.Ready = allOK(s.Checks)
	return s
}
