package node

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"abad/bft"
	"abad/decision"
	"abad/ledger"
	"abad/net"
	"abad/store"
)

const (
	// tickEvents bounds what one tick takes in before it syncs and sends: enough
	// to share a sync among many messages, little enough to answer soon.
	tickEvents = 256
	// inputQueue lets intake and certifier run ahead of a tick.
	inputQueue = 256
	// maxUnsynced bounds the journal entries that wait for a sync.
	maxUnsynced = 1024
)

// driver is the goroutine that owns the ledger.
type driver struct {
	self      bft.ID
	quorum    bft.Quorum
	ledger    *ledger.Machine
	store     *store.Store
	transport *net.Transport
	batcher   *batcher
	launch    func(*building) (storing, error)
	offer     func(bft.Hash)
	intake    *intake
	fetcher   *fetcher
	certifier *certifier
	follower  *follower
	archive   *archive
	decider   *decider
	faults    *faults
	history   history
	repeats   *repeats
	log       *slog.Logger
	forgetful bool
	now       func() time.Time // what headers say; nothing else depends on it

	inputs  chan ledger.In
	votes   chan decision.In // from the certifier
	inspect chan func()      // closures that read the ledger
	deaf    chan struct{}    // closed when run has ended: nobody takes inputs any more
	stopped chan struct{}    // closed when the node has stopped

	meters Meters
	tally  tally
	height atomic.Uint64 // the last block that is durable, or certain
	grown  broadcast     // it has grown, or blocks or certificates have become durable
	values atomic.Uint64
	coins  atomic.Uint64

	tick     tick
	failed   error
	opened   map[uint64]time.Time // when an open epoch was opened
	mine     uint64               // the last epoch that was opened here
	window   uint64               // how many epochs may be open
	framed   framed
	heard    uint64 // the last one that peers speak of
	sealed   uint64 // the last one that a batch was made for
	patience patience
	pace     pace
	phase    phase
	signers  signers

	unanimous bool // whether the last block came by everybody's first votes
}

// tell queues an input for the ledger.
func (d *driver) tell(ctx context.Context, in ledger.In) error {
	select {
	case d.inputs <- in:
		return nil
	case <-d.deaf:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// vote queues an input for the decisions.
func (d *driver) vote(ctx context.Context, in decision.In) error {
	select {
	case d.votes <- in:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run is the loop. It ends with ctx, or with the first failure of the store: a
// node that cannot write must not go on speaking.
func (d *driver) run(ctx context.Context) error {
	defer close(d.deaf)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(d.untilDeadline())
		select {
		case <-ctx.Done():
			return d.end()
		case look := <-d.inspect:
			look()
		case in := <-d.votes:
			d.decide(in)
		case in := <-d.inputs:
			d.clock()
			d.input(in)
		case <-d.transport.Inbox().Ready():
			d.clock()
		case <-timer.C:
			d.clock()
		}
		d.drain()
		// What is here, and waits for a processor to be brought to the inbox, can share
		// the sync.
		runtime.Gosched()
		d.drain()
		if err := d.finish(); err != nil {
			return err
		}
	}
}

// drain takes what else has come, up to a tick's worth.
func (d *driver) drain() {
	d.hurry()
	for range tickEvents {
		select {
		case in := <-d.inputs:
			d.input(in)
			continue
		default:
		}
		event, ok := d.transport.Inbox().Take()
		if !ok {
			return
		}
		d.event(event)
	}
}

func (d *driver) clock() {
	d.input(ledger.Clock{Now: uint64(d.now().UnixMilli())})
}

// input gives the ledger an input. An error means that a certified block
// contradicts our log: more than f nodes are faulty, or the store is not ours.
func (d *driver) input(in ledger.In) {
	if s, ok := in.(storing); ok {
		d.tick.stored = append(d.tick.stored, s.stored)
		if s.Maker == d.self {
			d.tick.within(lull) // a client may wait for that
		}
		if in = s.Hold; s.say != nil {
			d.sayBatch(s.Digest, s.say)
		}
	}
	step, err := d.ledger.Input(in)
	if err != nil {
		d.failed = fmt.Errorf("%T: %w", in, err)
	}
	d.absorb(step)
	if hold, ok := in.(ledger.Hold); ok && d.ledger.Logged(hold.Digest) {
		d.intake.taken([]bft.Hash{hold.Digest}) // it came twice, and late
	}
}

// mayOpen comes before what may open the next epoch here, because a rest is over or a
// peer has opened it. It makes a batch of the values that have come: a little later
// they would have to wait for the next epoch. Peers can bring that about only once
// for each, so they cannot cut our values into many small batches.
func (d *driver) mayOpen(rested bool) {
	if !rested && (d.heard <= d.mine || d.sealed > d.mine) {
		return
	}
	b := d.batcher.takeOpen()
	if b == nil {
		return
	}
	d.sealed = d.mine + 1
	hold, err := d.launch(b)
	if err != nil {
		d.failed = fmt.Errorf("batch: %w", err)
		return
	}
	d.input(hold)
}

// decide gives the decisions an input of the certifier's, which cannot be wrong.
func (d *driver) decide(in decision.In) {
	if err := d.decider.input(in); err != nil {
		d.failed = fmt.Errorf("%T: %w", in, err)
	}
}

// look runs a function on the driver's goroutine, and waits for it.
func (d *driver) look(ctx context.Context, look func()) error {
	done := make(chan struct{})
	select {
	case d.inspect <- func() { look(); close(done) }:
		<-done
		return nil
	case <-d.stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// absorb sorts a step's parts into the tick, then handles what the node says to
// itself, to the end.
func (d *driver) absorb(step ledger.Step) {
	d.sort(step)
	for d.hear() {
	}
}

// hear handles the next message to ourselves, if there is one.
func (d *driver) hear() bool {
	if len(d.tick.self) == 0 {
		return false
	}
	msg := d.tick.self[0]
	d.tick.self = d.tick.self[1:]
	d.sort(d.ledger.Handle(d.self, msg))
	return true
}

func (d *driver) sort(step ledger.Step) {
	for _, f := range step.Faults {
		d.faults.note(f)
	}
	for _, e := range step.Send {
		if e.To == bft.Everyone || e.To == d.self {
			d.tick.self = append(d.tick.self, e.Msg)
		}
		if e.To != d.self {
			d.tick.say(net.Outgoing{Epoch: e.Msg.Epoch, To: e.To, Msg: frame(ledgerMsg, e.Msg.Encode())}, d.canWait(e.Msg))
		}
	}
	for _, out := range step.Out {
		d.output(out)
	}
}

func (d *driver) output(out ledger.Out) {
	switch out := out.(type) {
	case ledger.Journal:
		d.tick.journal = append(d.tick.journal, store.Record{Epoch: out.Epoch, Data: out.Entry.Encode()})
	case ledger.Opened:
		now := time.Now()
		d.opened[out.Epoch], d.mine = now, out.Epoch
		d.batcher.opened(d.pace.opened(now, d.phase.opened(d.quorum, out.Epoch, now, d.pace.rest())))
	case ledger.Linger:
		now, age := time.Now(), time.Duration(0)
		if opened, ok := d.opened[out.Epoch]; ok {
			age = now.Sub(opened)
		}
		d.patience.begin(out.Epoch, age, now)
	case ledger.Want:
		d.fetcher.observe(d.epochTakes())
		d.fetcher.want(out)
	case ledger.Committed:
		d.patience.done(out.Block.Header.Epoch)
		d.tick.blocks = append(d.tick.blocks, out)
	case ledger.Combine:
		d.certifier.combine(out)
	case ledger.Certified:
		d.tick.certs = append(d.tick.certs, out)
	}
}

// epochTakes is how long an epoch takes: usually, or one under way so far.
func (d *driver) epochTakes() time.Duration {
	took := d.pace.took
	for _, at := range d.opened {
		took = max(took, time.Since(at))
	}
	return took
}

// trips gives the shortest round trip to each peer that is there.
func (d *driver) trips() (list []time.Duration) {
	for id := range d.quorum.IDs() {
		if id == d.self {
			continue
		}
		if trip := d.transport.MinRTT(id); trip > 0 {
			list = append(list, trip)
		}
	}
	return list
}

// waitFor waits until what it asks about the store holds, or the driver has ended.
func (d *driver) waitFor(ctx context.Context, holds func() bool) error {
	for {
		changed := d.grown.next()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-d.deaf:
			return ErrStopped
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
