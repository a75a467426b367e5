package metrics

import (
	"strings"

	"abad/net"
	"abad/node"
)

// The links to peers. Traffic of a kind is payload with our own framing; the wire's
// is all that QUIC sends, without UDP and IP.
var (
	peerUp      = gauge("peer_up", "Whether there is a link to a peer.", "peer")
	roundTrip   = gauge("peer_round_trip_seconds", "Smoothed round-trip time of the link to a peer; 0 while there is none.", "peer")
	window      = gauge("peer_congestion_window_bytes", "Bytes that QUIC has on their way to a peer at once at most; 0 while there is no link. Divided by the round-trip time it is what the link carries.", "peer")
	linksMade   = counter("peer_links_total", "Links made with a peer.", "peer")
	framesOut   = counter("peer_sent_frames_total", "Frames of votes, pushed batches and requests that were sent to a peer.", "peer", "kind")
	framesIn    = counter("peer_received_frames_total", "Frames of votes, pushed batches and requests that came from a peer.", "peer", "kind")
	bytesOut    = counter("peer_sent_bytes_total", "Bytes of these frames, with their answers.", "peer", "kind")
	bytesIn     = counter("peer_received_bytes_total", "Bytes of these frames, with their answers.", "peer", "kind")
	dropped     = counter("peer_dropped_frames_total", "Frames of ours that were not sent to a peer or got no answer; what is missing is pulled later.", "peer", "kind")
	messagesOut = counter("peer_sent_messages_total", "Protocol messages that were sent to a peer, many in a frame.", "peer")
	messagesIn  = counter("peer_received_messages_total", "Protocol messages that came from a peer.", "peer")
	wireOut     = counter("peer_wire_sent_bytes_total", "Bytes of all QUIC packets that were sent to a peer.", "peer")
	wireIn      = counter("peer_wire_received_bytes_total", "Bytes of all QUIC packets that came from a peer.", "peer")
	packetsOut  = counter("peer_wire_sent_packets_total", "QUIC packets that were sent to a peer.", "peer")
	packetsIn   = counter("peer_wire_received_packets_total", "QUIC packets that came from a peer.", "peer")
	packetsLost = counter("peer_wire_lost_packets_total", "QUIC packets to a peer that were declared lost and sent again.", "peer")
	inboxFrames = gauge("peer_inbox_frames", "Frames of a peer that wait for the driver.", "peer")
	inboxBytes  = gauge("peer_inbox_bytes", "Bytes of the frames of a peer that wait for the driver.", "peer")
	pushQueue   = gauge("peer_push_queue_batches", "Batches that wait to be pushed to a peer.", "peer")
	backlog     = gauge("peer_outbox_messages", "Messages for a peer that were not handed over yet, or that it cannot use yet.", "peer")
	outboxCount = gauge("outbox_messages", "Messages that are kept until their epoch is certified, for peers that reconnect.")
	outboxBytes = gauge("outbox_bytes", "Bytes of the messages that are kept until their epoch is certified.")
	refusals    = counter("connections_refused_total", "Connections that were not let in, or that a peer refused, by cause.", "cause")
	peerFaults  = counter("peer_faults_total", "Messages of a peer that no correct node sends, and links ended because it broke the wire format (kind wire).", "peer", "kind")
)

func (s scrape) link(peer string, p net.PeerStats) {
	s.put(peerUp, truth(p.Up), peer)
	s.put(roundTrip, p.RTT.Seconds(), peer)
	s.put(window, float64(p.Window), peer)
	s.count(linksMade, p.Links, peer)
	for _, t := range []struct {
		kind string
		net.Traffic
	}{{"control", p.Control}, {"push", p.Push}, {"request", p.Request}} {
		s.count(framesOut, t.Out, peer, t.kind)
		s.count(framesIn, t.In, peer, t.kind)
		s.count(bytesOut, t.BytesOut, peer, t.kind)
		s.count(bytesIn, t.BytesIn, peer, t.kind)
		s.count(dropped, t.Dropped, peer, t.kind)
	}
	s.count(messagesOut, p.MessagesOut, peer)
	s.count(messagesIn, p.MessagesIn, peer)
	s.count(wireOut, p.Wire.BytesOut, peer)
	s.count(wireIn, p.Wire.BytesIn, peer)
	s.count(packetsOut, p.Wire.PacketsOut, peer)
	s.count(packetsIn, p.Wire.PacketsIn, peer)
	s.count(packetsLost, p.Wire.PacketsLost, peer)
	s.put(inboxFrames, float64(p.InboxFrames), peer)
	s.put(inboxBytes, float64(p.InboxBytes), peer)
	s.put(pushQueue, float64(p.PushQueue), peer)
	s.put(backlog, float64(p.Backlog), peer)
}

func (s scrape) faults(peer string, kinds map[node.FaultKind]uint64, violations uint64) {
	for kind, count := range kinds {
		s.count(peerFaults, count, peer, string(kind))
	}
	s.count(peerFaults, violations, peer, "wire")
}

// links puts what belongs to no single peer.
func (s scrape) links(st net.Stats) {
	for _, cause := range net.Causes() {
		s.count(refusals, st.Refused[cause], strings.ReplaceAll(string(cause), " ", "_"))
	}
	s.put(outboxCount, float64(st.Held.Messages))
	s.put(outboxBytes, float64(st.Held.Bytes))
}
