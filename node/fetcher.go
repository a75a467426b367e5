package node

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"abad/bft"
	"abad/ledger"
	"abad/net"
)

const (
	// pushHint is how long a listed batch may still arrive by PUSH before it is
	// pulled, at least: its header is small and overtakes it. Where an epoch takes long,
	// so does a push, and it is the part hintParts of that, up to maxHint.
	pushHint  = 50 * time.Millisecond
	hintParts = 4
	maxHint   = 4 * time.Second
	// pushPatience is how long pushes of a batch may keep us from pulling it in all,
	// however they get on: a peer can begin one after the other. It is also how long a
	// batch may wait for its turn at a maker that pushes others: to pull it would take
	// their room on the same link, and a node that did would pull ever more of what is on
	// its way to it. Of a batch that a block needs, blockPatience.
	pushPatience  = time.Minute
	blockPatience = time.Second
	// pullHedge is how long a peer may take for its answer at least, until the next one
	// is asked too: a node that has just died was the first to be asked for all that
	// it had listed, and a block waits for that. A far one may take two round trips.
	// With each peer that owes an answer it doubles, maxHedge times at most: where all
	// are slow, to ask more of them makes them slower.
	pullHedge = 250 * time.Millisecond
	maxHedge  = 4
	// pullPause is the pause after all peers were asked in vain.
	pullPause = 250 * time.Millisecond
	// pullsPerLister is how many batches of one lister are fetched at once.
	pullsPerLister = 8
	// maxWants bounds what one lister can make us look for: all that its headers
	// in the open epochs can list.
	maxWants = ledger.MaxListed * 16
)

// Kinds of requests between nodes.
const (
	askBatch   byte = 1
	askBlocks  byte = 2
	askTip     byte = 3
	askDecided byte = 4
	askLinks   byte = 5
)

// fetcher pulls the batches that headers list and that are not here. Each lister
// has a queue of its own: one that lists what does not exist delays nobody else.
type fetcher struct {
	self   bft.ID
	puller *puller
	intake *intake
	height func() uint64
	log    *slog.Logger

	// rtt is how far a peer is.
	rtt func(peer bft.ID) time.Duration

	hint atomic.Int64 // in nanoseconds, see pushHint

	// ask gets a batch from a peer and takes it in.
	ask func(ctx context.Context, peer, lister bft.ID, d bft.Hash, gotOn func()) error

	mu      sync.Mutex
	queues  []wants
	silent  bft.IDSet // peers that do not answer at present
	decided uint64    // the newest block that needed a batch
}

type wants struct {
	list []want
	wake chan struct{}
}

type want struct {
	ledger.Want
	since time.Time
	due   time.Time
}

func newFetcher(nodes int) *fetcher {
	f := &fetcher{queues: make([]wants, nodes)}
	f.ask = f.request
	for i := range f.queues {
		f.queues[i].wake = make(chan struct{}, pullsPerLister)
	}
	return f
}

// want adds a batch to look for. What a block needs goes first and is never
// dropped; of the rest a lister may have [maxWants].
func (f *fetcher) want(w ledger.Want) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := &f.queues[w.Lister]
	now := time.Now()
	switch {
	case w.Decided:
		f.decided = max(f.decided, w.Epoch)
		q.list = append([]want{{w, now, now}}, q.list...)
	case len(q.list) < maxWants:
		q.list = append(q.list, want{w, now, now.Add(f.hinted())})
	}
	signal(q.wake)
}

// needs reports whether a block, or one after it, is decided here and waits for batches.
func (f *fetcher) needs(height uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.decided >= height
}

// heard notes whether a peer seems to be there.
func (f *fetcher) heard(peer bft.ID, there bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if there {
		f.silent.Remove(peer)
	} else {
		f.silent.Add(peer)
	}
}

// run serves one lister's queue.
func (f *fetcher) run(ctx context.Context, lister bft.ID) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		w, wait, ok := f.take(lister, f.intake.overdrawn(lister))
		if !ok {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-f.queues[lister].wake:
			case <-timer.C:
			}
			continue
		}
		switch {
		case f.settled(ctx, w):
		case f.onItsWay(w):
			f.later(w, pushHint)
		case !f.pull(ctx, w) && w.Epoch > f.height():
			f.later(w, pullPause)
		}
	}
}

// later puts a want back into its queue.
func (f *fetcher) later(w want, pause time.Duration) {
	w.due = time.Now().Add(pause)
	f.mu.Lock()
	defer f.mu.Unlock()
	q := &f.queues[w.Lister]
	q.list = append(q.list, w)
}

// take gives the first want that is due, or how long until there may be one. Of a lister
// who lists more than a correct one could, it gives only what blocks need.
func (f *fetcher) take(lister bft.ID, overdrawn bool) (w want, wait time.Duration, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := &f.queues[lister]
	wait = time.Hour
	for i, w := range q.list {
		left := time.Until(w.due)
		if overdrawn && !w.Decided {
			left = max(left, pullPause)
		}
		if left <= 0 {
			q.list = append(q.list[:i], q.list[i+1:]...)
			return w, 0, true
		}
		wait = min(wait, left)
	}
	return want{}, wait, false
}

// onItsWay reports whether a batch will come by itself, as far as can be seen.
func (f *fetcher) onItsWay(w want) bool {
	waited := time.Since(w.since)
	if w.Decided {
		return waited < f.neededPatience() && f.intake.expected(w.Digest, f.blockStep)
	}
	return waited < pushPatience && (f.intake.expected(w.Digest, f.step) || f.intake.pushes(w.Lister, f.step(w.Lister)))
}

// settled reports that a batch needs no pull. One that is in the store from long
// ago, in a block that the ledger no longer remembers, is not vouched for again;
// but if a block needs it, here it is. So is one that a catch-up has fetched for a
// block and that this node may need before.
//
// One that only a header lists is looked for though its epoch is over, but once: its
// maker lists it again, and where epochs are shorter than pushHint, nobody would
// ever ask for what a crash has kept it from pushing.
func (f *fetcher) settled(ctx context.Context, w want) bool {
	if w.Decided && w.Epoch <= f.height() || !w.Decided && f.intake.told(w.Digest) {
		return true
	}
	if !w.Decided && !f.intake.store.IsPending(w.Digest) {
		return f.intake.has(w.Digest)
	}
	data, err := f.intake.store.Batch(w.Digest)
	return err == nil && f.intake.accept(ctx, source{w.Lister, true}, w.Digest, data) == nil
}

// pull asks the lister first, then everybody else, and those last that are silent. While
// an answer gets on nobody else is asked: on a slow link that would make it slower. It
// reports success.
func (f *fetcher) pull(ctx context.Context, w want) bool {
	var asking sync.WaitGroup
	defer asking.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hedge := time.NewTimer(time.Hour)
	defer hedge.Stop()
	answers := make(chan error, len(f.queues))
	progress := make(chan struct{}, 1)
	waiting := 0
	until := time.Now().Add(pushPatience)
	if w.Decided {
		until = time.Now().Add(f.neededPatience())
	}
	for peers := f.order(w.Lister); len(peers) > 0 || waiting > 0; {
		patience := pullHedge
		if len(peers) > 0 {
			peer := peers[0]
			peers = peers[1:]
			patience = f.step(peer) << min(waiting, maxHedge)
			waiting++
			asking.Go(func() {
				err := f.ask(ctx, peer, w.Lister, w.Digest, func() { signal(progress) })
				if err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrDown) {
					f.log.Debug("pull", "peer", peer, "batch", w.Digest.Short(), "err", err)
				}
				answers <- err
			})
		}
		hedge.Reset(patience)
	waits:
		for {
			select {
			case err := <-answers:
				if err == nil {
					return true
				}
				waiting--
				break waits
			case <-progress:
				if time.Now().Before(until) {
					hedge.Reset(patience)
				}
			case <-hedge.C:
				break waits
			case <-ctx.Done():
				return false
			}
		}
	}
	return false
}

// observe notes how long an epoch takes at present, if only so far.
func (f *fetcher) observe(took time.Duration) {
	f.hint.Store(int64(min(took/hintParts, maxHint)))
}

func (f *fetcher) hinted() time.Duration { return max(pushHint, time.Duration(f.hint.Load())) }

// step is how long a peer has to get on with what it sends.
func (f *fetcher) step(peer bft.ID) time.Duration {
	return max(pullHedge, f.blockStep(peer))
}

// blockStep is the same where a block waits for it.
func (f *fetcher) blockStep(peer bft.ID) time.Duration { return max(f.hinted(), 2*f.rtt(peer)) }

// neededPatience is how long a batch that a block needs may be on its way, however it gets
// on, until another peer is asked.
func (f *fetcher) neededPatience() time.Duration { return max(blockPatience, f.hinted()) }

// order is in which order peers are asked for what a lister lists.
func (f *fetcher) order(lister bft.ID) []bft.ID {
	f.mu.Lock()
	defer f.mu.Unlock()
	var there, silent []bft.ID
	n := len(f.queues)
	for i := range n {
		switch id := bft.ID((int(lister) + i) % n); {
		case id == f.self:
		case f.silent.Has(id):
			silent = append(silent, id)
		default:
			there = append(there, id)
		}
	}
	return append(there, silent...)
}

func (f *fetcher) request(ctx context.Context, peer, lister bft.ID, d bft.Hash, gotOn func()) error {
	coming := arrival{d, peer}
	defer f.intake.ended(coming)
	data, err := f.puller.pull(ctx, peer, d, func() {
		f.intake.getsOn(coming)
		gotOn()
	})
	if err != nil {
		return err
	}
	return f.intake.accept(ctx, source{lister, true}, d, data)
}
