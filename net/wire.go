package net

import "github.com/quic-go/quic-go"

// Wire is what QUIC makes of the traffic with a peer: packets with their headers,
// acknowledgements and retransmissions, without UDP and IP.
type Wire struct {
	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64
	// PacketsLost counts packets of ours that were declared lost. Some of them
	// arrive late all the same.
	PacketsLost uint64
}

func wireOf(s quic.ConnectionStats) Wire {
	return Wire{
		PacketsIn: s.PacketsReceived, PacketsOut: s.PacketsSent,
		BytesIn: s.BytesReceived, BytesOut: s.BytesSent, PacketsLost: s.PacketsLost,
	}
}

// weigh adds what a link has moved since it was last weighed to the peer's sum.
// The caller holds the peer's lock. A link is weighed a last time when it has ended,
// so that the sums neither forget a link nor ever go down.
func (p *peer) weigh(l *link) {
	now := wireOf(l.conn.ConnectionStats())
	now.PacketsLost = max(now.PacketsLost, l.weighed.PacketsLost) // QUIC takes some back
	p.wire.PacketsIn += now.PacketsIn - l.weighed.PacketsIn
	p.wire.PacketsOut += now.PacketsOut - l.weighed.PacketsOut
	p.wire.BytesIn += now.BytesIn - l.weighed.BytesIn
	p.wire.BytesOut += now.BytesOut - l.weighed.BytesOut
	p.wire.PacketsLost += now.PacketsLost - l.weighed.PacketsLost
	l.weighed = now
}
