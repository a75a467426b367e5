package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"abad/agree"
	"abad/batch"
	"abad/store"
)

const (
	// agreedMeta is the book of agreements in the store.
	agreedMeta = "agreements"
	// bookStep is after how many blocks the book is stored again: what a crash makes
	// the node read once more.
	bookStep = 256
)

// agreer reads the log for proposals.
type agreer struct {
	config agree.Config
	store  *store.Store

	saving sync.Mutex // one at a time, so that an older book never replaces a newer one
	stored atomic.Uint64

	mu   sync.Mutex
	book *agree.Book
	lost error // why the log cannot be read on

	grown broadcast
}

// newAgreer goes on where the stored book ends.
func (n *Node) newAgreer() (*agreer, error) {
	c := agree.Config{Quorum: n.quorum, Domain: agree.Domain{Cluster: n.config.Cluster, Era: n.config.Era}}
	for _, p := range n.config.Peers {
		c.Keys = append(c.Keys, p.Key)
	}
	a := &agreer{config: c, store: n.store, book: agree.New(c)}
	data, err := n.store.Meta(agreedMeta)
	if errors.Is(err, store.ErrNotFound) {
		return a, nil
	}
	if err == nil {
		a.book, err = agree.Restore(c, data)
	}
	if err != nil {
		return nil, err
	}
	a.stored.Store(a.book.Height())
	return a, nil
}

// readAgreements follows the log until ctx ends. A node that cannot read its log
// any more goes on without agreements.
func (n *Node) readAgreements(ctx context.Context) error {
	a := n.agreer
	for height := a.book.Height() + 1; ; height++ {
		if n.WaitHeight(ctx, height) != nil {
			return a.save()
		}
		found, err := n.proposals(height)
		a.mu.Lock()
		if err == nil {
			a.book.Block(height, payloads(found))
		} else {
			a.lost = fmt.Errorf("agreements: %w", err)
		}
		a.mu.Unlock()
		a.grown.signal()
		if err != nil {
			n.config.Log.Error("agreements cannot be told any more", "height", height, "err", err)
			return nil
		}
		if height >= a.stored.Load()+bookStep {
			if err := a.save(); err != nil {
				return err
			}
		}
	}
}

// payload is what may be a proposal, and its index in a block.
type payload struct {
	index uint64
	data  []byte
}

// proposals gives what may be proposals of a block. Hardly a block of a busy log has any,
// and to look is much cheaper than to read. It has one batch in memory at a time.
func (n *Node) proposals(height uint64) (found []payload, err error) {
	block, err := n.Block(height)
	if err != nil {
		return nil, err
	}
	first := uint64(0)
	for _, t := range block.Batches {
		index := first
		first += uint64(t.Kept())
		if n.driver.intake.plain.has(t.Digest) {
			continue
		}
		some := false
		if err := n.store.LookBatch(t.Digest, func(data []byte) { some = mayPropose(data) }); err != nil {
			return nil, n.missing(height, err)
		}
		if !some {
			continue
		}
		data, err := readBatch(n.store, t.Digest)
		if err != nil {
			return nil, n.missing(height, err)
		}
		for i, v := range batch.Values(data) {
			if t.Skipped(i) {
				continue
			}
			if _, err := agree.Decode(v.Payload); err == nil {
				found = append(found, payload{index, bytes.Clone(v.Payload)})
			}
			index++
		}
	}
	return found, nil
}

func payloads(list []payload) func(func(uint64, []byte) bool) {
	return func(yield func(uint64, []byte) bool) {
		for _, p := range list {
			if !yield(p.index, p.data) {
				return
			}
		}
	}
}

// save stores the book, unless nothing has come since.
func (a *agreer) save() error {
	a.saving.Lock()
	defer a.saving.Unlock()
	a.mu.Lock()
	data, height := a.book.Encode(), a.book.Height()
	a.mu.Unlock()
	if height == a.stored.Load() {
		return nil
	}
	err := a.store.SetMeta(agreedMeta, data)
	if err == nil {
		a.stored.Store(height)
	}
	return err
}

// prunable is the last block that nobody needs any more, of those up to a height:
// the book of the blocks before it has to be on the disk first. A failure of the disk
// is not told here; who prunes next meets it too.
func (a *agreer) prunable(height uint64) uint64 {
	if a.stored.Load() < height {
		_ = a.save()
	}
	return min(height, a.stored.Load())
}

// look runs a function on the book.
func (a *agreer) look(look func(*agree.Book) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lost != nil {
		return a.lost
	}
	return look(a.book)
}

// Propose puts this node's proposal on a name into the log and waits until it is
// there. The first one of a node counts; the same one again is nothing. The errors
// are those of package agree, [decision.ErrName] and those of [Node.Submit].
func (n *Node) Propose(ctx context.Context, name string, value []byte) (agree.Agreement, error) {
	p, err := n.agreer.config.Domain.Propose(n.config.NodeKey, n.config.Self, name, value)
	if err != nil {
		return agree.Agreement{}, err
	}
	for {
		counts, err := false, error(nil)
		if err := n.agreer.look(func(b *agree.Book) error { counts, err = b.May(p); return err }); err != nil {
			return agree.Agreement{}, err
		}
		if counts {
			return n.Agreement(name)
		}
		v := batch.Value{Payload: p.Encode()}
		rand.Read(v.ID[:]) // never fails
		receipt, err := n.Submit(ctx, v)
		if errors.Is(err, ErrTaken) {
			continue // somebody who saw it on its way was quicker with its id
		}
		if err != nil {
			return agree.Agreement{}, err
		}
		err = n.agreer.wait(ctx, n.driver.stopped, func(b *agree.Book) bool { return b.Height() >= receipt.Block })
		if err != nil {
			return agree.Agreement{}, err
		}
		return n.Agreement(name)
	}
}

// Agreement tells how things stand on a name, or [agree.ErrUnknown].
func (n *Node) Agreement(name string) (agree.Agreement, error) {
	var st agree.Agreement
	err := n.agreer.look(func(b *agree.Book) error {
		var known bool
		if st, known = b.Lookup(name); !known {
			return fmt.Errorf("%w: %q", agree.ErrUnknown, name)
		}
		return nil
	})
	return st, err
}

// WaitAgreement waits until a name is agreed. Nobody need have proposed yet.
func (n *Node) WaitAgreement(ctx context.Context, name string) (agree.Agreement, error) {
	err := n.agreer.wait(ctx, n.driver.stopped, func(b *agree.Book) bool {
		st, _ := b.Lookup(name)
		return st.Agreed
	})
	if err != nil {
		return agree.Agreement{}, err
	}
	return n.Agreement(name)
}

// wait waits until something holds of the book.
func (a *agreer) wait(ctx context.Context, stopped <-chan struct{}, holds func(*agree.Book) bool) error {
	for {
		grown, held := a.grown.next(), false
		if err := a.look(func(b *agree.Book) error { held = holds(b); return nil }); err != nil || held {
			return err
		}
		select {
		case <-grown:
		case <-stopped:
			return ErrStopped
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
