// Package apitest has a log in memory that stands for a node in tests of the API
// and its client: it orders values for real, into real blocks, but alone and
// without a disk. It can also be told to hold values back, to be busy, or to stop.
package apitest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"abad/api"
	"abad/batch"
	"abad/bft"
	"abad/ledger"
	"abad/node"
)

// Log is a node with nobody else. Make it with [New].
type Log struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change
	blocks  []*ledger.Block
	values  [][]batch.Value
	certs   map[uint64]ledger.Certificate
	placed  map[batch.ValueID]node.Receipt
	queue   []batch.Value

	held     bool // values stay in the queue until Commit
	busy     int  // so many Enqueues get ErrBusy
	stopped  bool
	behind   bool // receipts come ahead of their blocks
	notReady bool
	silent   uint64
	maxValue int
	asked    int
}

var _ api.Node = (*Log)(nil)

// New gives an empty log that makes a block of every value at once.
func New() *Log {
	return &Log{
		changed: make(chan struct{}), maxValue: batch.MaxValue,
		certs: map[uint64]ledger.Certificate{}, placed: map[batch.ValueID]node.Receipt{},
	}
}

func (l *Log) lock() func() {
	l.mu.Lock()
	return l.mu.Unlock
}

// Hold makes values wait for [Log.Commit].
func (l *Log) Hold() { defer l.lock()(); l.held = true }

// Busy makes the next count Enqueues fail with ErrBusy.
func (l *Log) Busy(count int) { defer l.lock()(); l.busy = count }

// SetReady says what Status says.
func (l *Log) SetReady(ready bool) { defer l.lock()(); l.notReady = !ready }

// SetSilent says that the store was lost, and what Status says of it.
func (l *Log) SetSilent(until uint64) { defer l.lock()(); l.silent, l.notReady = until, until > 0 }

// SetMaxValue sets the limit of a payload in bytes.
func (l *Log) SetMaxValue(size int) { defer l.lock()(); l.maxValue = size }

// Behind makes the receipts of all later values those of a node that is behind.
func (l *Log) Behind() { defer l.lock()(); l.behind = true }

// Stop makes everything fail with ErrStopped.
func (l *Log) Stop() { defer l.lock()(); l.stopped = true; l.wake() }

// Queued is how many values wait, and Asked how often Enqueue was called.
func (l *Log) Queued() int { defer l.lock()(); return len(l.queue) }

// AwaitQueued waits until a value waits for a block.
func (l *Log) AwaitQueued() {
	for {
		changed := l.Changed() // before the look: or the change between the two is lost
		if l.Queued() > 0 {
			return
		}
		<-changed
	}
}

// Asked is how often Enqueue was called.
func (l *Log) Asked() int { defer l.lock()(); return l.asked }

// Certify gives a block a certificate of these bytes.
func (l *Log) Certify(height uint64, c ledger.Certificate) { defer l.lock()(); l.certs[height] = c }

// Commit makes one block of the values that wait, also of none.
func (l *Log) Commit() { defer l.lock()(); l.commit() }

// Changed is closed at the next change.
func (l *Log) Changed() <-chan struct{} { defer l.lock()(); return l.changed }

func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *Log) commit() {
	height := uint64(len(l.blocks)) + 1
	var kept []batch.Value
	bytes := batch.NewBuilder([16]byte{})
	for _, v := range l.queue {
		if _, known := l.placed[v.ID]; known {
			continue
		}
		l.placed[v.ID] = node.Receipt{Block: height, Index: uint64(len(kept)), Ahead: l.behind}
		kept = append(kept, v)
		bytes.Add(v)
	}
	b := &ledger.Block{Header: ledger.BlockHeader{
		Version: ledger.BlockVersion, Cluster: bft.Sum([]byte("apitest")), Era: 1, Epoch: height,
		Time: 1_700_000_000_000 + height, Accepted: []bft.ID{0}, Values: uint64(len(kept)),
	}}
	if len(kept) > 0 {
		b.Batches = []ledger.Taken{{Digest: batch.Digest(bytes.Bytes()), Total: uint32(len(kept))}}
	}
	if height > 1 {
		b.Header.Previous = l.blocks[height-2].Hash()
	}
	l.blocks, l.values, l.queue = append(l.blocks, b), append(l.values, kept), nil
	l.wake()
}

// Enqueue takes values in, as many as a node would.
func (l *Log) Enqueue(came time.Time, vs ...batch.Value) (api.Ticket, error) {
	defer l.lock()()
	t := &ticket{log: l, came: came}
	for i, v := range vs {
		if err := l.take(v); err != nil && i == 0 {
			return nil, err
		} else if err != nil {
			break
		}
		v.Payload = bytes.Clone(v.Payload)
		t.values, l.queue = append(t.values, v), append(l.queue, v)
	}
	l.wake()
	if !l.held {
		l.commit()
	}
	return t, nil
}

// take says what is wrong with a value, or with taking one now.
func (l *Log) take(v batch.Value) error {
	l.asked++
	switch {
	case l.stopped:
		return node.ErrStopped
	case len(v.Payload) == 0:
		return node.ErrEmpty
	case len(v.Payload) > l.maxValue:
		return fmt.Errorf("%w: %d bytes", node.ErrTooLarge, len(v.Payload))
	case l.busy > 0:
		l.busy--
		return node.ErrBusy
	}
	return nil
}

type ticket struct {
	log    *Log
	values []batch.Value
	came   time.Time
}

// Len is how many values it is for.
func (t *ticket) Len() int { return len(t.values) }

// Stored is at once: the log is in memory.
func (t *ticket) Stored(context.Context) error { return nil }

// Wait waits for the block of one of them.
func (t *ticket) Wait(ctx context.Context, i int) (receipt node.Receipt, err error) {
	v := t.values[i]
	err = t.log.wait(ctx, func() bool {
		var ok bool
		receipt, ok = t.log.placed[v.ID]
		receipt.Took = time.Since(t.came)
		return ok
	})
	if err != nil {
		return node.Receipt{}, err
	}
	values, err := t.log.Values(receipt.Block)
	if err == nil && !bytes.Equal(values[receipt.Index].Payload, v.Payload) {
		err = node.ErrTaken
	}
	return receipt, err
}

// wait waits until is holds, which runs under the lock.
func (l *Log) wait(ctx context.Context, is func() bool) error {
	for {
		l.mu.Lock()
		done, stopped, changed := is(), l.stopped, l.changed
		l.mu.Unlock()
		switch {
		case done:
			return nil
		case stopped:
			return node.ErrStopped
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Height is the last block's.
func (l *Log) Height() uint64 { defer l.lock()(); return uint64(len(l.blocks)) }

// WaitHeight waits for a block.
func (l *Log) WaitHeight(ctx context.Context, height uint64) error {
	return l.wait(ctx, func() bool { return uint64(len(l.blocks)) >= height })
}

// Block gives a block.
func (l *Log) Block(height uint64) (*ledger.Block, error) {
	defer l.lock()()
	if height == 0 || height > uint64(len(l.blocks)) {
		return nil, node.ErrNotFound
	}
	return l.blocks[height-1], nil
}

// Values gives a block's values.
func (l *Log) Values(height uint64) ([]batch.Value, error) {
	defer l.lock()()
	if height == 0 || height > uint64(len(l.blocks)) {
		return nil, node.ErrNotFound
	}
	return slices.Clone(l.values[height-1]), nil
}

// Certificate gives what Certify was given.
func (l *Log) Certificate(height uint64) (ledger.Certificate, error) {
	defer l.lock()()
	c, ok := l.certs[height]
	if !ok {
		return c, node.ErrNotFound
	}
	return c, nil
}

// Status invents a cluster of four with one peer down.
func (l *Log) Status(context.Context) (node.Status, error) {
	defer l.lock()()
	if l.stopped {
		return node.Status{}, node.ErrStopped
	}
	s := node.Status{
		Node: 0, Nodes: 4, Faulty: 1, Cluster: bft.Sum([]byte("apitest")), Era: 1,
		Height: uint64(len(l.blocks)), Ready: !l.notReady, Silent: l.silent, Behind: 7, Started: time.Unix(1_700_000_000, 0).UTC(),
		Open: []node.OpenEpoch{{Epoch: uint64(len(l.blocks)) + 1, Decided: 2}},
		Peers: []node.PeerStatus{
			{Node: 1, Addr: "127.0.0.1:7401", Up: true, Height: 3, Certified: 2, RTT: 1500 * time.Microsecond},
			{Node: 2, Addr: "127.0.0.1:7402", Up: true, Height: 3, Faults: 5},
			{Node: 3, Addr: "127.0.0.1:7403", LastError: "no answer"},
		},
	}
	s.Checks = []node.Check{{Name: "memory", OK: l.silent == 0}, {Name: "caught_up", OK: !l.notReady}}
	if l.silent > 0 {
		s.Checks[0].Text = "stays silent"
	}
	if l.notReady {
		s.Checks[1].Text = "7 blocks behind"
	}
	if s.Height > 0 {
		s.Hash = l.blocks[s.Height-1].Hash()
	}
	return s, nil
}

// Limits are the limits.
func (l *Log) Limits() node.Limits { defer l.lock()(); return node.Limits{MaxValue: l.maxValue} }
