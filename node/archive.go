package node

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"abad/ledger"
	"abad/store"
)

// archive stores certificates and forgets what they make unnecessary: journal and
// outbox. Votes do not wait for it.
type archive struct {
	driver *driver
	pruner pruner
	wake   chan struct{}

	stored atomic.Uint64 // every block up to here has its certificate on disk

	mu        sync.Mutex
	certs     []ledger.Certified
	certified uint64 // every block up to here has its certificate, stored or in certs
}

func newArchive(d *driver) *archive { return &archive{driver: d, wake: make(chan struct{}, 1)} }

// restored says what the store had at the start.
func (a *archive) restored(certified uint64) {
	a.mu.Lock()
	a.certified = certified
	a.mu.Unlock()
	a.stored.Store(certified)
}

func (a *archive) add(certs []ledger.Certified, certified uint64) {
	a.mu.Lock()
	a.certs = append(a.certs, certs...)
	a.certified = certified
	a.mu.Unlock()
	signal(a.wake)
}

func (a *archive) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.wake:
		}
		if err := a.write(); err != nil {
			return err
		}
	}
}

// write stores what has come together. A certificate may be ready before its
// block is durable; then it waits for the next round, which the block brings.
func (a *archive) write() error {
	d := a.driver
	a.mu.Lock()
	certs, certified := a.certs, a.certified
	a.certs = nil
	a.mu.Unlock()
	height := d.store.Height()
	var ready []store.Certificate
	var early []ledger.Certified
	for _, c := range certs {
		if c.Epoch > height {
			early = append(early, c)
			certified = min(certified, c.Epoch-1)
			continue
		}
		ready = append(ready, store.Certificate{Height: c.Epoch, Data: c.Certificate.Encode()})
	}
	if len(early) > 0 {
		a.mu.Lock()
		a.certs = append(early, a.certs...)
		a.mu.Unlock()
	}
	if err := d.store.PutCertificates(ready); err != nil {
		return err
	}
	if certified <= a.stored.Load() {
		return nil
	}
	if err := d.store.Trim(certified); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	a.stored.Store(certified)
	d.transport.Release(certified)
	d.transport.SetPosition(d.position())
	d.grown.signal()
	if err := a.pruner.prune(certified); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	return nil
}
