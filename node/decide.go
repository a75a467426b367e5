package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"abad/aba"
	"abad/bft"
	"abad/codec"
	"abad/coin"
	"abad/decision"
	"abad/net"
	"abad/store"
)

const (
	// firstTopic is where the journals of decisions begin: epochs never get there.
	firstTopic = uint64(1) << 63
	// decidedMeta prefixes the results of decisions in the store.
	decidedMeta = "decided/"
	// askPause is how often peers are asked for the outcome of decisions that they
	// may have finished without us.
	askPause = time.Second
)

// decider keeps this node's decisions for the driver, on whose goroutine all of it
// runs but ask.
type decider struct {
	driver  *driver
	machine *decision.Machine
	topics  map[string]uint64 // journal of each open decision
	next    uint64            // of the next one

	done []decision.Result // of this tick

	mu      sync.Mutex     // for ask:
	pending []string       // what this node has no result of
	awaited map[string]int // what clients wait for, and how many
}

func newDecider(d *driver, conf decision.Config) *decider {
	return &decider{driver: d, machine: decision.New(conf), topics: map[string]uint64{}, next: firstTopic, awaited: map[string]int{}}
}

// input gives the machine an input; the error is the caller's.
func (c *decider) input(in decision.In) error {
	step, err := c.machine.Input(in)
	c.absorb(step)
	return err
}

func (c *decider) handle(from bft.ID, raw []byte) {
	msg, err := decision.Decode(raw)
	if err != nil {
		c.driver.faults.note(bft.Fault{Peer: from, Why: err})
		return
	}
	c.absorb(c.machine.Handle(from, msg))
}

// absorb sorts a step's parts into the driver's tick, and hears what the node says
// to itself.
func (c *decider) absorb(first decision.Step) {
	d := c.driver
	for todo := []decision.Step{first}; len(todo) > 0; todo = todo[1:] {
		s := todo[0]
		for _, f := range s.Faults {
			d.faults.note(f)
		}
		for _, out := range s.Out {
			c.output(out)
		}
		for _, e := range s.Send {
			for _, out := range c.spoken(e) {
				d.tick.say(out, 0)
			}
			todo = append(todo, c.machine.Handle(d.self, e.Msg))
		}
	}
}

func (c *decider) output(out decision.Out) {
	d := c.driver
	switch out := out.(type) {
	case decision.Journal:
		topic, open := c.topics[out.Entry.Name]
		if !open {
			topic = c.next
			c.next++
			c.topics[out.Entry.Name] = topic
		}
		d.tick.journal = append(d.tick.journal, store.Record{Epoch: topic, Data: out.Entry.Encode()})
	case decision.Decided:
		d.certifier.decided(out)
	case decision.Combine:
		d.certifier.combineDecision(out)
	case decision.Certified:
		c.done = append(c.done, out.Result)
	}
}

// finish stores the results of the tick, and forgets the votes that led to them.
func (c *decider) finish() error {
	if len(c.done) == 0 {
		return nil
	}
	for _, r := range c.done {
		if err := c.driver.store.SetMeta(decidedMeta+r.Name, codec.Marshal(r)); err != nil {
			return fmt.Errorf("decision %q: %w", r.Name, err)
		}
		if topic, open := c.topics[r.Name]; open {
			delete(c.topics, r.Name)
			t := &c.driver.tick // what it has of the topic would be written after it is gone
			t.journal = slices.DeleteFunc(t.journal, func(rec store.Record) bool { return rec.Epoch == topic })
			if err := c.driver.store.Drop(topic); err != nil {
				return fmt.Errorf("decision %q: %w", r.Name, err)
			}
		}
		c.driver.transport.ReleaseTopic(r.Name)
	}
	c.done = c.done[:0]
	c.driver.grown.signal()
	return nil
}

// restore brings the decisions back: results, then the journals of open ones.
func (c *decider) restore() error {
	d := c.driver
	err := d.store.Metas(decidedMeta, func(name string, data []byte) error {
		var r decision.Result
		if err := codec.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("stored result %q: %w", name, err)
		}
		return c.input(decision.Known{Result: r})
	})
	if err != nil {
		return err
	}
	for _, topic := range d.store.Epochs() {
		if topic < firstTopic {
			continue
		}
		c.next = max(c.next, topic+1)
		err := d.store.Journal(topic, func(data []byte) error {
			e, err := decision.DecodeEntry(d.quorum, data)
			if err != nil {
				return err
			}
			c.topics[e.Name] = topic
			step, err := c.machine.Replay(e)
			c.absorb(step)
			return err
		})
		if err != nil {
			return fmt.Errorf("journal of a decision: %w", err)
		}
	}
	return c.input(decision.Resume{})
}

// watch tells ask what to ask about.
func (c *decider) watch() {
	names := c.machine.Unfinished()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = names
}

// ask asks peers in turn for the outcome of decisions that stay open here: those
// who have a certificate have forgotten the votes.
func (c *decider) ask(ctx context.Context) {
	tick := time.NewTicker(askPause)
	defer tick.Stop()
	for peer := 0; ; peer++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		names := c.wanted()
		id := bft.ID(peer % c.driver.quorum.All())
		for _, name := range names {
			if id == c.driver.self || ctx.Err() != nil {
				break
			}
			err := c.askPeer(ctx, id, name)
			if err != nil {
				c.driver.log.Debug("outcome of a decision", "peer", id, "name", name, "err", err)
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrDown) {
				break // another peer's turn: this one may be mute on purpose
			}
		}
	}
}

// wanted is what peers are to be asked for. Nobody may ever speak here of what a client
// waits for: peers forget the votes once they have the certificate.
func (c *decider) wanted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := c.pending
	for name := range c.awaited {
		if !slices.Contains(c.pending, name) {
			names = append(names[:len(names):len(names)], name)
		}
	}
	return names
}

// await counts a client in that waits for a name, until it calls done.
func (c *decider) await(name string) (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited[name]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.awaited[name]--; c.awaited[name] == 0 {
			delete(c.awaited, name)
		}
	}
}

func (c *decider) askPeer(ctx context.Context, id bft.ID, name string) error {
	answer, err := c.driver.transport.Request(ctx, id, askDecided, []byte(name), 1<<10, nil)
	if err != nil {
		return err
	}
	var r decision.Result
	if err := codec.Unmarshal(answer, &r); err != nil {
		return err
	}
	if r.Name != name {
		return fmt.Errorf("an answer about %q", r.Name)
	}
	msg := c.driver.certifier.decidedMessage(r.Name, r.Value)
	if err := c.driver.certifier.key.Verify(msg, r.Certificate); err != nil {
		return err
	}
	r.Rounds, r.Coins, r.Vote, r.Voters = 0, 0, aba.None, 0 // those are the peer's
	return c.driver.look(ctx, func() { _ = c.input(decision.Known{Result: r}) })
}

func serveDecided(s *store.Store, name string) ([]byte, error) {
	return s.Meta(decidedMeta + name)
}

// Vote casts this node's vote on a name. The errors are [decision.ErrName],
// [decision.ErrVoted], [decision.ErrDecided], [decision.ErrPruned], [decision.ErrTooMany], [decision.ErrFull],
// [decision.ErrSilent] and [ErrStopped]. The vote is durable when Vote returns.
func (n *Node) Vote(ctx context.Context, name string, value bool) error {
	d := n.driver
	var err error
	looked := d.look(ctx, func() {
		if err = d.decider.input(decision.Vote{Name: name, Value: value}); err == nil {
			if failed := d.finish(); failed != nil {
				d.failed, err = failed, ErrStopped
			}
		}
	})
	return errors.Join(looked, err)
}

// Decision gives what this node knows of a name, or [decision.ErrUnknown], or
// [decision.ErrPruned].
func (n *Node) Decision(ctx context.Context, name string) (decision.Status, error) {
	var st decision.Status
	var known, pruned bool
	m := n.driver.decider.machine
	if err := n.driver.look(ctx, func() { st, known = m.Lookup(name); pruned = m.Pruned(name) }); err != nil {
		return st, err
	}
	switch {
	case pruned:
		return st, fmt.Errorf("%w: %q", decision.ErrPruned, name)
	case !known:
		return st, fmt.Errorf("%w: %q", decision.ErrUnknown, name)
	}
	return st, nil
}

// WaitDecision waits until a name is decided and certified here. The name need not
// be known yet: meanwhile peers are asked for it.
func (n *Node) WaitDecision(ctx context.Context, name string) (decision.Status, error) {
	if err := decision.CheckName(name); err != nil {
		return decision.Status{}, err
	}
	defer n.driver.decider.await(name)()
	for {
		changed := n.driver.grown.next()
		st, err := n.Decision(ctx, name)
		if err != nil && !errors.Is(err, decision.ErrUnknown) || len(st.Certificate) > 0 {
			return st, err
		}
		select {
		case <-changed:
		case <-n.driver.stopped:
			return st, ErrStopped
		case <-ctx.Done():
			return st, context.Cause(ctx)
		}
	}
}

// Decisions lists decisions, open ones first, from a place on, and how many there are.
func (n *Node) Decisions(ctx context.Context, from, limit int) (list []decision.Status, total int, err error) {
	err = n.driver.look(ctx, func() { list, total = n.driver.decider.machine.List(from, limit) })
	return list, total, err
}

// PruneDecision forgets a decision that is certified. Its name is
// [decision.ErrPruned] until the node starts again.
func (n *Node) PruneDecision(ctx context.Context, name string) error {
	d := n.driver
	var err error
	looked := d.look(ctx, func() {
		if err = d.store.DropMeta(decidedMeta + name); err == nil {
			err = d.decider.input(decision.Prune{Name: name})
		}
	})
	return errors.Join(looked, err)
}

// DecidedMessage is what the certificate of a decision signs.
func (n *Node) DecidedMessage(name string, value bool) []byte {
	return coin.DecidedMessage(n.config.Cluster, n.config.Era, name, value)
}

func outgoing(to bft.ID, msg decision.Msg) net.Outgoing {
	return net.Outgoing{Topic: msg.Name, To: to, Msg: frame(decisionMsg, msg.Encode())}
}
