package net

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"abad/bft"
)

// Stats is a snapshot for metrics. Counters run from the start of the process.
type Stats struct {
	Held    Size             // the outbox
	Refused map[Cause]uint64 // connections that were not let in, or that refused us
	Peers   []PeerStats      // in roster order; the one of this node stays zero
}

// PeerStats is what is known of one peer.
type PeerStats struct {
	Up        bool
	Since     time.Time // of the present link
	Addr      string    // of the present link
	RTT       time.Duration
	Window    uint64 // bytes that QUIC has on their way at once at most, of the present link: its congestion window
	Links     uint64 // links made so far: reconnects are one less
	LastError string // why there was no link, last time

	Wire    Wire    // of all links
	Control Traffic // units are frames
	Push    Traffic // units are pushes
	Request Traffic // units are requests: in those served, out those made; bytes are theirs and of the answers

	MessagesIn, MessagesOut uint64
	Violations              uint64 // links ended because the peer broke the wire format

	InboxFrames, InboxBytes int // waiting for the driver
	PushQueue               int // waiting for a stream
	Backlog                 int // messages in the outbox not handed over, or held back
}

// Traffic of one kind, in units and bytes of payload with our own framing.
type Traffic struct {
	In, Out           uint64
	BytesIn, BytesOut uint64
	Dropped           uint64 // ours that were not sent, or got no answer
	Refused           uint64 // the peer's that our handler did not want
}

// Stats takes a snapshot. It locks each part for a moment and not all at once.
func (t *Transport) Stats() Stats {
	s := Stats{
		Held:    t.outbox.held(),
		Refused: t.refusals.snapshot(),
		Peers:   make([]PeerStats, len(t.peers)),
	}
	for i, p := range t.peers {
		if p.id != t.conf.Self {
			s.Peers[i] = p.stats()
			s.Peers[i].InboxFrames, s.Peers[i].InboxBytes = t.inbox.depth(p.id)
			s.Peers[i].Backlog = t.outbox.backlog(p.id)
		}
	}
	return s
}

// RTT is the smoothed round-trip time of the link to a peer, 0 while there is none.
func (t *Transport) RTT(id bft.ID) time.Duration {
	if l := t.peers[id].present(); l != nil {
		return l.conn.ConnectionStats().SmoothedRTT
	}
	return 0
}

// MinRTT is the shortest round trip on the link to a peer, 0 while there is none: what
// the network takes, and not our processors.
func (t *Transport) MinRTT(id bft.ID) time.Duration {
	if l := t.peers[id].present(); l != nil {
		return l.conn.ConnectionStats().MinRTT
	}
	return 0
}

func (p *peer) stats() PeerStats {
	c := &p.count
	s := PeerStats{
		Links:       c.links.Load(),
		Control:     c.control.snapshot(),
		Push:        c.push.snapshot(),
		Request:     c.request.snapshot(),
		MessagesIn:  c.control.messagesIn.Load(),
		MessagesOut: c.control.messagesOut.Load(),
		Violations:  c.violations.Load(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.LastError = p.lastErr
	if l := p.link; l != nil {
		p.weigh(l)
		s.Up = true
		s.Since = l.since
		s.Addr = l.conn.RemoteAddr().String()
		quic := l.conn.ConnectionStats()
		s.RTT, s.Window = quic.SmoothedRTT, quic.CongestionWindow
		s.PushQueue = len(l.pushes)
	}
	s.Wire = p.wire
	return s
}

// counters of one peer.
type counters struct {
	links, violations      atomic.Uint64
	control, push, request traffic
}

type traffic struct {
	unitsIn, unitsOut, bytesIn, bytesOut atomic.Uint64
	messagesIn, messagesOut              atomic.Uint64
	dropped, refused                     atomic.Uint64
}

func (c *traffic) in(bytes, messages int) {
	c.unitsIn.Add(1)
	c.bytesIn.Add(uint64(bytes))
	c.messagesIn.Add(uint64(messages))
}

func (c *traffic) out(bytes, messages int) {
	c.unitsOut.Add(1)
	c.bytesOut.Add(uint64(bytes))
	c.messagesOut.Add(uint64(messages))
}

func (c *traffic) snapshot() Traffic {
	return Traffic{
		In: c.unitsIn.Load(), Out: c.unitsOut.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
		Dropped: c.dropped.Load(), Refused: c.refused.Load(),
	}
}

// refusals counts by cause.
type refusals struct {
	mu sync.Mutex
	by map[Cause]uint64
}

func (r *refusals) count(c Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = make(map[Cause]uint64)
	}
	r.by[c]++
}

func (r *refusals) snapshot() map[Cause]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.by)
}
