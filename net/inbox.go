package net

import (
	"context"
	"sync"

	"abad/bft"
)

// Kind of an [Event].
type Kind byte

// The kinds of events. For each peer they come in the order LinkUp, others...,
// LinkDown, LinkUp, and so on.
const (
	LinkUp     Kind = iota + 1 // Position is the one of the peer's HELLO
	LinkDown                   // frames that came before are still delivered before
	Frame                      // Position, and any number of messages, also none
	PeerSilent                 // the link is up, but the peer does not answer: a hint, no more
	PeerHeard                  // it does again
)

// String is the kind's name.
func (k Kind) String() string {
	switch k {
	case LinkUp:
		return "link up"
	case LinkDown:
		return "link down"
	case Frame:
		return "frame"
	case PeerSilent:
		return "peer silent"
	case PeerHeard:
		return "peer heard"
	}
	return "unknown"
}

// Event is what the driver learns of one peer. The messages are the driver's to
// keep, are not read here, and may be empty.
type Event struct {
	From     bft.ID
	Kind     Kind
	Position Position
	Msgs     [][]byte
}

// Inbox holds the events that wait for the driver, in one queue for each peer.
type Inbox struct {
	maxFrames, maxBytes int

	ready chan struct{} // capacity 1: full whenever an event waits

	mu     sync.Mutex
	queues []queue
	turn   []bft.ID // peers with events, who is next first
}

type queue struct {
	events []waiting
	bytes  int
	room   chan struct{} // capacity 1: something was taken
}

type waiting struct {
	event Event
	bytes int
}

func newInbox(n, maxFrames, maxBytes int) *Inbox {
	in := &Inbox{
		maxFrames: maxFrames,
		maxBytes:  maxBytes,
		ready:     make(chan struct{}, 1),
		queues:    make([]queue, n),
	}
	for i := range in.queues {
		in.queues[i].room = make(chan struct{}, 1)
	}
	return in
}

// Ready has a token whenever an event waits. It is for one receiver.
func (in *Inbox) Ready() <-chan struct{} { return in.ready }

// Take gives the next event. Peers take turns, one event each, so that none
// can keep another one waiting. It reports false when no event waits.
func (in *Inbox) Take() (Event, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.turn) == 0 {
		return Event{}, false
	}
	id := in.turn[0]
	in.turn = in.turn[1:]
	q := &in.queues[id]
	w := q.events[0]
	q.events[0] = waiting{}
	q.events = q.events[1:]
	q.bytes -= w.bytes
	if len(q.events) > 0 {
		in.turn = append(in.turn, id)
	} else {
		q.events = nil
	}
	signal(q.room)
	if len(in.turn) > 0 {
		signal(in.ready)
	}
	return w.event, true
}

// put adds an event that takes so many bytes. It waits for room, which only its
// peer's reader feels, until ctx ends. A frame that is larger than all of the
// room fits where no other frame is.
func (in *Inbox) put(ctx context.Context, e Event, bytes int) error {
	for {
		if in.offer(e, bytes) {
			return nil
		}
		select {
		case <-in.queues[e.From].room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (in *Inbox) offer(e Event, bytes int) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	q := &in.queues[e.From]
	if len(q.events) >= in.maxFrames || q.bytes > 0 && q.bytes+bytes > in.maxBytes {
		return false
	}
	in.append(e, bytes)
	return true
}

// down adds a LinkDown, with room or without: there is one for each LinkUp,
// which waited for room.
func (in *Inbox) down(peer bft.ID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.append(Event{From: peer, Kind: LinkDown}, 0)
}

func (in *Inbox) append(e Event, bytes int) {
	q := &in.queues[e.From]
	if len(q.events) == 0 {
		in.turn = append(in.turn, e.From)
	}
	q.events = append(q.events, waiting{e, bytes})
	q.bytes += bytes
	signal(in.ready)
}

// depth is what waits of one peer.
func (in *Inbox) depth(peer bft.ID) (frames, bytes int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.queues[peer].events), in.queues[peer].bytes
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
