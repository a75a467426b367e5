package net

import (
	"fmt"
	"slices"
	"sync"

	"abad/bft"
)

// Outgoing is a message on its way to a peer or to all of them.
type Outgoing struct {
	// Epoch of the message, from 1: it waits until the peer has committed
	// Epoch-Window, and is kept until [Transport.Release]. 0 stands outside the epochs:
	// such a message never waits and is kept until [Transport.ReleaseTopic].
	Epoch uint64
	Topic string // of messages outside the epochs, what releases them
	// To is a peer, or bft.Everyone for all of them. The sender itself is not
	// among them: its own messages are looped back by the driver.
	To bft.ID
	// Msg is shared by all peers and must not change. At most [MaxMessage] bytes.
	Msg []byte
}

// outbox keeps what was sent until it is released, and for each peer how much
// of it was handed to the present connection. It starts nothing and waits for
// nothing; take and add are called from different goroutines.
type outbox struct {
	self   bft.ID
	window uint64

	mu       sync.Mutex
	own      Position // this node's
	released uint64
	topics   []*shelf // in the order of their first message
	epochs   []*shelf // ascending
	size     Size
	peers    []reader
}

// Size is what the outbox holds.
type Size struct {
	Messages int
	Bytes    int // of the messages; the bookkeeping takes another 40 for each
}

// reader is one peer as the outbox sees it.
type reader struct {
	at   Position      // as it told us
	told uint64        // our committed epoch as we told it
	wake chan struct{} // capacity 1: there may be something to take
}

func newOutbox(self bft.ID, n int, window uint64) *outbox {
	o := &outbox{self: self, window: window, peers: make([]reader, n)}
	for i := range o.peers {
		o.peers[i].wake = make(chan struct{}, 1)
	}
	return o
}

// add takes messages in and wakes every writer that they concern once. With a position
// it also says how far this node is; peers that do not know get a frame.
func (o *outbox) add(at *Position, out []Outgoing) {
	var wake bft.IDSet
	all := false
	for i := range out {
		o.check(&out[i])
		if to := out[i].To; to == bft.Everyone {
			all = true
		} else {
			wake.Add(to)
		}
	}
	o.mu.Lock()
	if at != nil {
		all = all || at.Committed != o.own.Committed
		o.own = *at
	}
	for i := range out {
		o.put(&out[i])
	}
	o.mu.Unlock()
	for id := range o.peers {
		if all || wake.Has(bft.ID(id)) {
			o.wake(bft.ID(id))
		}
	}
}

func (o *outbox) check(m *Outgoing) {
	if m.To != bft.Everyone && (m.To < 0 || int(m.To) >= len(o.peers) || m.To == o.self) {
		panic(fmt.Sprintf("net: internal error: message to node %d, which is not a peer", m.To))
	}
	if len(m.Msg) > MaxMessage {
		panic(fmt.Sprintf("net: internal error: message of %d bytes, limit %d", len(m.Msg), MaxMessage))
	}
}

func (o *outbox) put(m *Outgoing) {
	if m.Epoch > 0 && m.Epoch <= o.released {
		return // certified here: whoever is behind fetches the block
	}
	s := o.shelf(m.Epoch, m.Topic)
	s.msgs = append(s.msgs, addressed{m.To, m.Msg})
	s.bytes += len(m.Msg)
	o.size.Messages++
	o.size.Bytes += len(m.Msg)
}

// release drops the epochs up to certified; what comes for them later is
// dropped too.
func (o *outbox) release(certified uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.released = max(o.released, certified)
	keep := 0
	for keep < len(o.epochs) && o.epochs[keep].epoch <= certified {
		o.drop(o.epochs[keep])
		keep++
	}
	o.epochs = slices.Delete(o.epochs, 0, keep)
}

// releaseTopic drops the messages of one topic outside the epochs.
func (o *outbox) releaseTopic(topic string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.topics = slices.DeleteFunc(o.topics, func(s *shelf) bool {
		if s.topic == topic {
			o.drop(s)
		}
		return s.topic == topic
	})
}

func (o *outbox) drop(s *shelf) {
	o.size.Messages -= len(s.msgs)
	o.size.Bytes -= s.bytes
}

func (o *outbox) position() Position {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.own
}

// connect starts a connection: everything retained that peer can use is to be
// handed over (again). told is the position that our HELLO gave.
func (o *outbox) connect(peer bft.ID, at, told Position) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.peers[peer].at, o.peers[peer].told = at, told.Committed
	for _, s := range o.topics {
		s.next[peer] = 0
	}
	for _, s := range o.epochs {
		s.next[peer] = 0
	}
}

// heard takes a peer's position, whatever it was before: a peer that lost its
// state starts again.
func (o *outbox) heard(peer bft.ID, at Position) {
	o.mu.Lock()
	moved := o.peers[peer].at != at
	o.peers[peer].at = at
	o.mu.Unlock()
	if moved {
		o.wake(peer)
	}
}

func (o *outbox) wake(peer bft.ID) {
	select {
	case o.peers[peer].wake <- struct{}{}:
	default:
	}
}

// take appends to msgs what the next frame to peer shall carry, about
// frameTarget bytes at most, with this node's position. It reports false when
// there is nothing to say.
func (o *outbox) take(peer bft.ID, msgs [][]byte) ([][]byte, Position, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	load := load{msgs: msgs}
	o.fill(&load, peer)
	r := &o.peers[peer]
	if len(load.msgs) == 0 && r.told == o.own.Committed {
		return msgs, o.own, false
	}
	r.told = o.own.Committed
	return load.msgs, o.own, true
}

func (o *outbox) fill(l *load, peer bft.ID) {
	at := o.peers[peer].at
	for _, s := range o.topics {
		if !l.from(s, peer) {
			return
		}
	}
	for _, s := range o.epochs {
		if s.epoch > o.window && s.epoch-o.window > at.Committed {
			return // the peer would have to drop it and all that follows
		}
		if s.epoch <= at.Certified {
			continue // the peer has the outcome, and a proof of it
		}
		if !l.from(s, peer) {
			return
		}
	}
}

// held is what the outbox holds in all.
func (o *outbox) held() Size {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size
}

// backlog is how many messages were not handed to peer's connection yet, those
// for others among them.
func (o *outbox) backlog(peer bft.ID) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, s := range o.topics {
		n += len(s.msgs) - s.next[peer]
	}
	for _, s := range o.epochs {
		if s.epoch > o.peers[peer].at.Certified {
			n += len(s.msgs) - s.next[peer]
		}
	}
	return n
}
