package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/codec"
	"abad/coin"
	"abad/decision"
	"abad/ledger"
	"abad/net"
	"abad/store"
)

// failedGrace is how long a node whose disk has failed waits for its parts.
const failedGrace = 5 * time.Second

// Node is a running member of a cluster.
type Node struct {
	config    Config
	quorum    bft.Quorum
	store     *store.Store
	transport *net.Transport
	driver    *driver
	batcher   *batcher
	offers    *offers
	lookout   *lookout
	agreer    *agreer
	epochs    *fresh[Epochs]
	links     *fresh[[]View]
	started   time.Time
}

// New opens the store and brings the ledger to where it was. It sends nothing and
// starts nothing: [Node.Run] does, and closes the store in the end.
func New(conf Config) (*Node, error) {
	conf.Limits = conf.Limits.withDefaults()
	if conf.Epochs == 0 {
		conf.Epochs = ledger.DefaultEpochs
	}
	if conf.Log == nil {
		conf.Log = slog.New(slog.DiscardHandler)
	}
	quorum, err := conf.validate()
	if err != nil {
		return nil, err
	}
	if conf.hooks.now == nil {
		conf.hooks.now = time.Now
	}
	disk := conf.hooks.disk
	conf.Meters = conf.Meters.withDefaults()
	disk.Unsynced = conf.Forgetful
	disk.Identity, disk.Log, disk.Synced = conf.identity(), conf.Log, conf.Meters.Sync
	s, err := store.Open(conf.Dir, disk)
	if err != nil {
		return nil, err
	}
	n := &Node{config: conf, quorum: quorum, store: s, started: time.Now(),
		epochs: newFresh[Epochs](epochsPause), links: newFresh[[]View](linksPause)}
	if err := n.build(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return n, nil
}

func (c Config) validate() (bft.Quorum, error) {
	q, err := bft.NewQuorum(len(c.Peers))
	switch {
	case err != nil:
		return q, err
	case !q.Valid(c.Self):
		return q, fmt.Errorf("node %d is not in a roster of %d", c.Self, len(c.Peers))
	case c.CoinKey == nil || c.CoinKey.ID() != c.Self || c.CoinKey.Threshold() != q.Amplify() || c.CoinKey.Group().Nodes() != q.All():
		return q, fmt.Errorf("the coin key is not that of node %d of %d with threshold %d", c.Self, q.All(), q.Amplify())
	case c.Limits.MaxValue < 1 || c.Limits.MaxValue > batch.MaxPayload:
		return q, fmt.Errorf("the value limit is %d, and must be 1 to %d bytes", c.Limits.MaxValue, batch.MaxPayload)
	case c.Limits.BatchTarget < 1 || c.Limits.BatchTarget > batch.MaxSize:
		return q, fmt.Errorf("the batch target is %d, and must be 1 to %d bytes", c.Limits.BatchTarget, batch.MaxSize)
	case c.Limits.Backlog < 4*batch.MaxSize:
		return q, fmt.Errorf("the backlog limit is %d, and must be at least %d bytes", c.Limits.Backlog, 4*batch.MaxSize)
	case c.Epochs < 1 || c.Epochs > 64:
		return q, fmt.Errorf("%d epochs at once, and 1 to 64 are possible", c.Epochs)
	}
	return q, nil
}

// identity binds a store to its node.
func (c Config) identity() []byte {
	return codec.Marshal([]any{c.Cluster[:], c.Era, int(c.Self), c.Roster[:]})
}

// build wires the parts and restores the ledger.
func (n *Node) build() error {
	c := n.config
	d := &driver{
		self: c.Self, quorum: n.quorum, store: n.store, log: c.Log, now: c.hooks.now, forgetful: c.Forgetful,
		inputs: make(chan ledger.In, inputQueue), inspect: make(chan func()), deaf: make(chan struct{}), stopped: make(chan struct{}),
		opened: map[uint64]time.Time{}, faults: newFaults(n.quorum.All(), c.Log),
		meters: c.Meters, tally: newTally(n.quorum.All()), phase: phase{peers: make([]opening, n.quorum.All())},
		signers: signers{quorum: n.quorum, self: c.Self},
	}
	d.intake = newIntake(n.quorum.All(), c.Limits.Backlog, n.store, d.tell)
	transport, err := net.New(net.Config{
		Self: c.Self, Key: c.NodeKey, Peers: c.Peers, Cluster: c.Cluster, Era: c.Era,
		Window: uint64(c.Epochs), Listen: c.Listen, Wrap: c.Wrap, Log: c.Log, Timing: c.hooks.timing,
		OnPush: func(ctx context.Context, from bft.ID, head []byte, size int64, body io.Reader) error {
			return d.intake.push(ctx, from, head, size, body)
		},
		OnRequest: n.answer,
	})
	if err != nil {
		return err
	}
	n.transport, n.driver, n.batcher = transport, d, newBatcher(c.Limits)
	n.offers = newOffers(n.quorum, c.Self, transport.Push, n.load)
	d.repeats = &repeats{node: n, wake: make(chan struct{}, 1)}
	d.offer, d.window = n.offers.offer, uint64(c.Epochs)
	d.transport, d.batcher, d.launch = transport, n.batcher, n.launch
	d.votes = make(chan decision.In, inputQueue)
	d.certifier = &certifier{
		key: c.CoinKey, tell: d.tell, vote: d.vote, decidedMessage: n.DecidedMessage,
		wake: make(chan struct{}, 1), hashed: map[uint64]hashed{},
	}
	d.decider = newDecider(d, decision.Config{
		Quorum: n.quorum, Self: c.Self, Cluster: c.Cluster, Era: c.Era, Signer: c.CoinKey,
	})
	d.archive = newArchive(d)
	d.archive.pruner = pruner{retain: c.Retain, anyway: c.PruneAnyway, driver: d, needed: func() uint64 { return n.agreer.prunable(n.common()) }}
	if d.archive.pruner.pruned, err = readPruned(n.store); err != nil {
		return err
	}
	d.fetcher = newFetcher(n.quorum.All())
	pulls := newPuller(n.quorum.All(), transport)
	d.fetcher.self, d.fetcher.puller, d.fetcher.intake, d.fetcher.log = c.Self, pulls, d.intake, c.Log
	d.fetcher.height, d.fetcher.rtt = d.height.Load, transport.RTT
	d.follower = &follower{
		self: c.Self, quorum: n.quorum, epochs: uint64(c.Epochs), transport: transport, certifier: d.certifier,
		store: n.store, driver: d, log: c.Log, ranges: newChoice(n.quorum.All()), batches: newChoice(n.quorum.All()), windows: newWindows(n.quorum.All()), puller: pulls, fetcher: d.fetcher,
		positions: make([]net.Position, n.quorum.All()), wake: make(chan struct{}, 1),
	}
	n.lookout = &lookout{follower: d.follower, batcher: n.batcher, offers: n.offers, foretell: d.foretell, wake: make(chan struct{}, 1), after: cmp.Or(c.hooks.after, lookAfter)}
	d.ledger = ledger.New(ledger.Config{
		Quorum: n.quorum, Self: c.Self, Cluster: c.Cluster, Era: c.Era, Roster: c.Roster,
		Epochs: c.Epochs, Signer: coin.Signer(c.CoinKey),
	})
	if n.agreer, err = n.newAgreer(); err != nil {
		return err
	}
	if err := n.recall(); err != nil {
		return err
	}
	return d.restore()
}

// answer answers a peer's request.
func (n *Node) answer(_ context.Context, from bft.ID, kind byte, body []byte) ([]byte, error) {
	switch kind {
	case askLinks:
		return encodeLinks(n.ownLinks()), nil
	case askBatch:
		var d bft.Hash
		if d.UnmarshalBinary(body) == nil {
			n.offers.give(d, from)
		}
	}
	return serve(n.store, n.driver.archive.stored.Load(), kind, body)
}

// Run takes part until ctx ends or something fails, and closes the store.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	part := func(name string, run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	quiet := func(run func(context.Context)) func(context.Context) error {
		return func(ctx context.Context) error { run(ctx); return nil }
	}
	part("network", n.transport.Run)
	part("driver", n.driver.run)
	part("store", n.store.Run)
	part("batcher", n.seal)
	part("archive", n.driver.archive.run)
	part("certifier", quiet(n.driver.certifier.run))
	part("memory", n.remember)
	part("decider", quiet(n.driver.decider.ask))
	part("agreements", n.readAgreements)
	part("follower", quiet(n.driver.follower.run))
	part("repeats", quiet(n.driver.repeats.run))
	part("lookout", quiet(n.lookout.run))
	for id := range n.quorum.IDs() {
		for range pullsPerLister {
			part("fetcher", quiet(func(ctx context.Context) { n.driver.fetcher.run(ctx, id) }))
		}
	}
	<-ctx.Done()
	n.batcher.stop()
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	ended := make(chan struct{})
	go func() { parts.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-n.store.Failed():
		// A disk that does not answer may hold up whoever writes for ever. Nothing
		// more will be sent; the process must be able to end.
		select {
		case <-ended:
		case <-time.After(cmp.Or(n.config.hooks.grace, failedGrace)):
			close(n.driver.stopped)
			return err
		}
	}
	close(n.driver.stopped)
	return errors.Join(err, n.store.Close())
}

// seal launches the batches that do not wait for an epoch.
func (n *Node) seal(ctx context.Context) error {
	for {
		b, err := n.batcher.next(ctx)
		if err != nil {
			return nil
		}
		hold, err := n.launch(b)
		if err != nil {
			return err
		}
		if n.driver.tell(ctx, hold) != nil {
			return nil
		}
		// One after the other: links that get more at once than they have streams for
		// drop it, and peers would have to ask for each.
		if err := hold.stored(); err != nil {
			return err
		}
	}
}

// launch puts a batch on its way, to our disk and to everybody.
func (n *Node) launch(b *building) (storing, error) {
	digest := batch.Digest(b.data)
	ids, err := batch.Check(b.data)
	if err != nil {
		b.fail(ErrStopped)
		return storing{}, err
	}
	n.driver.intake.plain.note(digest, b.data)
	queued := n.store.QueueBatch(digest, n.config.Self, b.data)
	stored := func() error {
		err := queued()
		if err == nil {
			b.fate.keep()
		}
		return err
	}
	n.lookout.launching()
	n.batcher.launched(digest, b)
	out := storing{Hold: ledger.Hold{Digest: digest, Maker: n.config.Self, Values: ids}, stored: stored}
	if len(b.data) <= maxFramed {
		out.say = b.data
	} else {
		n.offers.offer(digest)
	}
	return out, nil
}

// load gives a batch of ours: from memory until it is in a block, then from the disk.
func (n *Node) load(d bft.Hash) ([]byte, error) {
	if data, some := n.batcher.onItsWay(d); some {
		return data, nil
	}
	return n.store.Batch(d)
}
