package node

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/codec"
	"abad/ledger"
	"abad/net"
	"abad/store"
)

const (
	// followHint is how long a node that is a little behind waits for its own
	// count of the votes before it asks for blocks.
	followHint = 200 * time.Millisecond
	// rangeBlocks and rangeBytes bound one answer with blocks.
	rangeBlocks = 64
	rangeBytes  = 4 << 20
	// pullsPerBlock is how many batches of a block are fetched at once.
	pullsPerBlock = 4
)

// blockRequest asks for certified blocks from a height on.
type blockRequest struct {
	From uint64 `cbor:"0,keyasint"`
}

// certifiedBlock is a block as nodes give it to each other.
type certifiedBlock struct {
	Block       []byte             `cbor:"0,keyasint"`
	Certificate ledger.Certificate `cbor:"1,keyasint"`
}

// follower fetches certified blocks when peers have forgotten the votes that this
// node would need. It trusts nobody: a certificate is a proof.
type follower struct {
	self      bft.ID
	epochs    uint64 // K
	transport *net.Transport
	intake    *intake
	certifier *certifier
	store     *store.Store
	driver    *driver
	log       *slog.Logger

	mu        sync.Mutex
	positions []net.Position
	wake      chan struct{} // capacity 1: some peer is ahead
}

// heard notes a peer's position.
func (f *follower) heard(from bft.ID, p net.Position) {
	f.mu.Lock()
	f.positions[from] = p
	f.mu.Unlock()
	if p.Certified > f.driver.archive.stored.Load() {
		signal(f.wake)
	}
}

// position is what a peer last said.
func (f *follower) position(id bft.ID) net.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.positions[id]
}

// credible is the highest height that some correct node has certified: the
// (f+1)th highest claim.
func (f *follower) credible(q bft.Quorum) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	claims := make([]uint64, 0, len(f.positions))
	for _, p := range f.positions {
		claims = append(claims, p.Certified)
	}
	slices.Sort(claims)
	return claims[len(claims)-q.Amplify()]
}

// ahead lists the peers that claim more certified blocks than there are here, the
// furthest first.
func (f *follower) ahead() (peers []bft.ID, most uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	have := f.driver.archive.stored.Load()
	for id, p := range f.positions {
		if p.Certified > have && bft.ID(id) != f.self {
			peers = append(peers, bft.ID(id))
			most = max(most, p.Certified)
		}
	}
	slices.SortStableFunc(peers, func(a, b bft.ID) int {
		return int(int64(f.positions[b].Certified - f.positions[a].Certified))
	})
	return peers, most
}

func (f *follower) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var height, certified uint64
	for {
		peers, most := f.ahead()
		if len(peers) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-f.wake:
				continue
			}
		}
		stuck := f.store.Height() == height && f.driver.archive.stored.Load() == certified
		if far := most > f.store.Height()+f.epochs; far || stuck {
			if f.fetch(ctx, peers) {
				continue
			}
		}
		height, certified = f.store.Height(), f.driver.archive.stored.Load()
		timer.Reset(followHint)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

// fetch gets the next range from the first peer that gives one, and waits until
// it is part of the log.
func (f *follower) fetch(ctx context.Context, peers []bft.ID) bool {
	for _, id := range peers {
		n, err := f.fetchFrom(ctx, id)
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			f.log.Debug("catch-up", "peer", id, "err", err)
		}
		if n > 0 {
			f.log.Debug("caught up", "blocks", n, "height", f.store.Height(), "peer", id)
			return true
		}
	}
	return false
}

// fetchFrom adopts what one peer has, and returns how many blocks that were.
func (f *follower) fetchFrom(ctx context.Context, id bft.ID) (int, error) {
	asking, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	answer, err := f.transport.Request(asking, id, askBlocks,
		codec.Marshal(blockRequest{From: f.driver.archive.stored.Load() + 1}), 2*rangeBytes)
	if err != nil {
		return 0, err
	}
	var blocks []certifiedBlock
	if err := codec.Unmarshal(answer, &blocks); err != nil {
		return 0, fmt.Errorf("answer with blocks: %w", err)
	}
	for i, b := range blocks {
		if err := f.take(ctx, id, b); err != nil {
			return i, err
		}
	}
	return len(blocks), nil
}

// take checks a certified block and hands it to the driver, then waits until it
// is durable.
func (f *follower) take(ctx context.Context, id bft.ID, b certifiedBlock) error {
	block, err := ledger.DecodeBlock(b.Block)
	if err != nil {
		return err
	}
	h := block.Header.Epoch
	if err := f.certifier.verify(h, block.Hash(), b.Certificate); err != nil {
		return fmt.Errorf("block %d: %w", h, err)
	}
	if h <= f.store.Height() {
		return f.certify(ctx, h, b.Certificate)
	}
	adopt := ledger.Adopt{Block: block, Certificate: b.Certificate}
	if adopt.Batches, err = f.batches(ctx, id, block); err != nil {
		return fmt.Errorf("block %d: %w", h, err)
	}
	if err := f.driver.tell(ctx, adopt); err != nil {
		return err
	}
	return f.driver.waitFor(ctx, func() bool { return f.driver.archive.stored.Load() >= h })
}

// certify adds the certificate of a block that is here already.
func (f *follower) certify(ctx context.Context, h uint64, c ledger.Certificate) error {
	if h <= f.driver.archive.stored.Load() {
		return nil
	}
	if err := f.driver.tell(ctx, ledger.Certified{Epoch: h, Certificate: c}); err != nil {
		return err
	}
	return f.driver.waitFor(ctx, func() bool { return f.driver.archive.stored.Load() >= h })
}

// batches makes sure that the store has a block's batches.
func (f *follower) batches(ctx context.Context, id bft.ID, block *ledger.Block) ([]ledger.Hold, error) {
	holds := make([]ledger.Hold, len(block.Batches))
	errs := make([]error, len(block.Batches))
	var wg sync.WaitGroup
	slots := make(chan struct{}, pullsPerBlock)
	for i, t := range block.Batches {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			holds[i], errs[i] = f.batch(ctx, id, t.Digest)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return holds, nil
}

// batch gives a batch from the store, or from the peer or anyone else.
func (f *follower) batch(ctx context.Context, id bft.ID, d bft.Hash) (ledger.Hold, error) {
	data, err := f.store.Batch(d)
	for i := 0; err != nil && i < len(f.positions); i++ {
		from := bft.ID((int(id) + i) % len(f.positions))
		if from == f.self {
			continue
		}
		if data, err = f.ask(ctx, from, d); err == nil {
			err = f.store.PutBatch(d, from, data)
		}
	}
	if err != nil {
		return ledger.Hold{}, err
	}
	ids, err := batch.Check(data)
	return ledger.Hold{Digest: d, Maker: id, Values: ids}, err
}

func (f *follower) ask(ctx context.Context, from bft.ID, d bft.Hash) ([]byte, error) {
	asking, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	data, err := f.transport.Request(asking, from, askBatch, d[:], batch.MaxSize)
	if err == nil && batch.Digest(data) != d {
		err = fmt.Errorf("batch %s: the bytes have another digest", d.Short())
	}
	return data, err
}

// serve answers the requests of peers; of the blocks, those that are certified
// without a gap.
func serve(s *store.Store, certified uint64, kind byte, body []byte) ([]byte, error) {
	switch kind {
	case askBatch:
		var d bft.Hash
		if err := d.UnmarshalBinary(body); err != nil {
			return nil, err
		}
		return s.Batch(d)
	case askBlocks:
		var r blockRequest
		if err := codec.Unmarshal(body, &r); err != nil {
			return nil, fmt.Errorf("request for blocks: %w", err)
		}
		return serveBlocks(s, certified, r.From)
	case askDecided:
		return serveDecided(s, string(body))
	case askTip:
		return serveTip(s, certified)
	}
	return nil, fmt.Errorf("unknown request %d", kind)
}

func serveBlocks(s *store.Store, certified, from uint64) ([]byte, error) {
	var blocks []certifiedBlock
	size := 0
	for h := max(from, 1); h <= certified && len(blocks) < rangeBlocks && size < rangeBytes; h++ {
		b, err := readCertified(s, h)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
		size += len(b.Block)
	}
	return codec.Marshal(blocks), nil
}

func readCertified(s *store.Store, h uint64) (certifiedBlock, error) {
	record, err := s.Block(h)
	if err != nil {
		return certifiedBlock{}, err
	}
	cert, err := readCertificate(s, h)
	return certifiedBlock{Block: record, Certificate: cert}, err
}
