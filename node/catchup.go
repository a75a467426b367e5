package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"abad/batch"
	"abad/bft"
	"abad/codec"
	"abad/ledger"
	"abad/net"
	"abad/store"
)

const (
	// gatheredAtOnce is how many batches are looked for at once: they come from several
	// peers, share the syncs of the disk and fill links with a long round trip.
	gatheredAtOnce = mostPulls
	// maxAhead bounds the blocks that are handed over at once by their values, whose
	// ids are in memory: 16 MiB, and as much of those before.
	maxAhead = ledger.MaxValues
)

// A node that is behind works on three ranges of blocks at a time: of one it asks
// for the blocks and checks the certificates, of one it fetches the batches, and
// one the driver makes durable. Blocks enter the log in order, and those of a range
// share their syncs.

// errNothing: the peer has no certificate for the block yet.
var errNothing = errors.New("no such block")

// span is consecutive blocks whose certificates are right.
type span struct {
	from   bft.ID // who gave it
	blocks []followed
}

// followed is a block on its way into the log.
type followed struct {
	block   *ledger.Block
	cert    ledger.Certificate
	batches [][]byte      // some of its batches, as the peer gave them
	holds   []ledger.Hold // all of them, once they are in the store
}

func (b *followed) height() uint64 { return b.block.Header.Epoch }

// weight is the number of value ids that the block brings along.
func (b *followed) weight() int {
	n := 1
	for _, t := range b.block.Batches {
		n += int(t.Total)
	}
	return n
}

// catchUp fetches blocks until no peer has more, or none gives any. It reports
// whether the log has grown.
func (f *follower) catchUp(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	begin := f.stored()
	told := begin // the driver has got the blocks up to here
	next := make(chan *span, 1)
	asking.Go(func() {
		defer close(next)
		f.ask(ctx, begin+1, next)
	})
	var err error
	for s := range next {
		if told, err = f.apply(ctx, s, told); err != nil {
			f.log.Debug("catch-up", "peer", s.from, "err", err)
			break
		}
		f.progress.note(f.log, f.stored(), f.credible())
	}
	if err == nil {
		_ = f.waitStored(ctx, told) // it fails only at the end of all; progress is told below
	}
	f.progress.done(f.log, f.stored(), f.credible())
	return f.stored() > begin
}

func (f *follower) waitStored(ctx context.Context, height uint64) error {
	return f.driver.waitFor(ctx, func() bool { return f.stored() >= height })
}

// ask gets span after span, until one has only certificates to add: then the votes bring
// the blocks, and before long the certificates too.
func (f *follower) ask(ctx context.Context, from uint64, next chan<- *span) {
	for {
		s := f.askOne(ctx, from)
		if s == nil {
			return
		}
		select {
		case next <- s:
		case <-ctx.Done():
			return
		}
		from += uint64(len(s.blocks))
		if from-1 <= f.store.Height() {
			return
		}
	}
}

// askOne gets the blocks from a height on from the first peer that gives some.
func (f *follower) askOne(ctx context.Context, from uint64) *span {
	var tried bft.IDSet
	for {
		id, ok := f.ranges.take(f.having(from), tried)
		if !ok {
			return nil
		}
		tried.Add(id)
		began := time.Now()
		s, err := f.askPeer(ctx, id, from)
		if errors.Is(err, errNothing) {
			f.ranges.done(id, time.Since(began), nil)
			continue
		}
		f.ranges.done(id, time.Since(began), err)
		if err == nil {
			return s
		}
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, net.ErrDown) {
			f.log.Debug("catch-up", "peer", id, "from", from, "err", err)
		}
	}
}

func (f *follower) askPeer(ctx context.Context, id bft.ID, from uint64) (*span, error) {
	request := blockRequest{From: from, Whole: from > f.store.Height()}
	answer, err := f.transport.Request(ctx, id, askBlocks, codec.Marshal(request), 2*rangeBytes, nil)
	if err != nil {
		return nil, err
	}
	return f.check(id, from, answer)
}

// check reads an answer with blocks, and proves it.
func (f *follower) check(id bft.ID, from uint64, answer []byte) (*span, error) {
	var raw []certifiedBlock
	if err := codec.Unmarshal(answer, &raw); err != nil {
		return nil, fmt.Errorf("answer with blocks: %w", err)
	}
	if len(raw) == 0 {
		return nil, errNothing
	}
	if len(raw) > rangeBlocks {
		return nil, fmt.Errorf("answer with %d blocks", len(raw))
	}
	s := &span{from: id, blocks: make([]followed, len(raw))}
	for i, r := range raw {
		block, err := ledger.DecodeBlock(r.Block)
		if err != nil {
			return nil, err
		}
		if block.Header.Epoch != from+uint64(i) {
			return nil, fmt.Errorf("block %d where %d was asked for", block.Header.Epoch, from+uint64(i))
		}
		b := &s.blocks[i]
		b.block, b.cert, b.batches = block, r.Certificate, r.Batches
	}
	return s, f.certifier.verifyAll(s.blocks)
}

// apply fetches what the blocks of a span need and hands them to the driver. It
// does not wait until they are durable, but for those before them.
func (f *follower) apply(ctx context.Context, s *span, told uint64) (uint64, error) {
	for blocks := s.blocks; len(blocks) > 0; {
		n, weight := 1, blocks[0].weight()
		for n < len(blocks) && weight+blocks[n].weight() <= maxAhead {
			weight += blocks[n].weight()
			n++
		}
		if err := f.gather(ctx, s.from, blocks[:n]); err != nil {
			return told, err
		}
		if err := f.waitStored(ctx, told); err != nil {
			return told, err
		}
		for _, b := range blocks[:n] {
			if err := f.driver.tell(ctx, ledger.Adopt{Block: b.block, Certificate: b.cert, Batches: b.holds}); err != nil {
				return told, err
			}
			told = b.height()
		}
		blocks = blocks[n:]
	}
	return told, nil
}

// gather makes sure that the store has the batches of these blocks. Of a block
// that is here, only the certificate is missing.
func (f *follower) gather(ctx context.Context, from bft.ID, blocks []followed) error {
	have := f.store.Height()
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(gatheredAtOnce)
	for i := range blocks {
		b := &blocks[i]
		if b.height() <= have {
			continue
		}
		given := make(map[bft.Hash][]byte, len(b.batches))
		for _, data := range b.batches {
			given[batch.Digest(data)] = data
		}
		b.holds = make([]ledger.Hold, len(b.block.Batches))
		for i, t := range b.block.Batches {
			work.Go(func() (err error) {
				b.holds[i], err = f.batch(ctx, b.height(), from, t.Digest, given[t.Digest])
				return err
			})
		}
	}
	return work.Wait()
}

// batch makes sure that the store has a batch: it may be given, or here already,
// or a peer gives it.
func (f *follower) batch(ctx context.Context, height uint64, from bft.ID, d bft.Hash, data []byte) (ledger.Hold, error) {
	var err error
	if data == nil {
		if data, err = f.awaited(ctx, d); errors.Is(err, store.ErrNotFound) {
			data, err = f.pull(ctx, height, d)
		}
		if err != nil {
			return ledger.Hold{}, err
		}
	}
	ids, err := batch.Check(data)
	if err == nil {
		err = f.store.PutBatch(d, from, data) // nothing if it is here
	}
	return ledger.Hold{Digest: d, Maker: from, Values: ids}, err
}

// awaited reads a batch from the store. One that is on its way here, as it is pushed or
// has been pulled for a header, is waited for while it gets on.
func (f *follower) awaited(ctx context.Context, d bft.Hash) ([]byte, error) {
	in := f.fetcher.intake
	for began := time.Now(); ; {
		comes := time.Since(began) < f.fetcher.neededPatience() && in.expected(d, f.fetcher.step) || in.told(d)
		data, err := readBatch(f.store, d)
		if !errors.Is(err, store.ErrNotFound) || !comes {
			return data, err
		}
		select {
		case <-time.After(pushHint):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// pull asks all that have the block for a batch, one after the other.
func (f *follower) pull(ctx context.Context, height uint64, d bft.Hash) ([]byte, error) {
	err := fmt.Errorf("batch %s: %w", d.Short(), net.ErrDown)
	var tried bft.IDSet
	for {
		id, ok := f.batches.take(f.having(height), tried)
		if !ok {
			return nil, err
		}
		tried.Add(id)
		began := time.Now()
		var data []byte
		data, err = f.pullFrom(ctx, id, d)
		f.batches.done(id, time.Since(began), err)
		if err == nil || ctx.Err() != nil {
			return data, err
		}
	}
}

// pullFrom asks one peer for a batch, when there is room in its window.
func (f *follower) pullFrom(ctx context.Context, id bft.ID, d bft.Hash) ([]byte, error) {
	w := f.windows[id]
	if err := w.enter(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	data, err := f.puller.pull(ctx, id, d, nil)
	w.leave(began, 2*f.fetcher.rtt(id), err)
	if err == nil && batch.Digest(data) != d {
		err = fmt.Errorf("batch %s: the bytes have another digest", d.Short())
	}
	return data, err
}
