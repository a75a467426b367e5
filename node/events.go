package node

import (
	"errors"
	"time"

	"abad/bft"
	"abad/ledger"
	"abad/net"
	"abad/rbc"
)

// event handles one event of a peer.
func (d *driver) event(e net.Event) {
	switch e.Kind {
	case net.LinkUp, net.PeerHeard:
		d.reachable(e.From, true)
	case net.LinkDown, net.PeerSilent:
		d.reachable(e.From, false)
	}
	if e.Kind == net.LinkUp || e.Kind == net.Frame {
		d.follower.heard(e.From, e.Position)
	}
	for _, raw := range e.Msgs {
		d.message(e.From, raw)
	}
}

func (d *driver) reachable(peer bft.ID, up bool) {
	d.input(ledger.Link{Peer: peer, Up: up})
	d.fetcher.heard(peer, up)
	d.signers.heard(peer, up)
}

// Kinds of messages: the first byte says whose they are.
const (
	ledgerMsg   byte = 1
	decisionMsg byte = 2
	batchMsg    byte = 3
)

func frame(kind byte, msg []byte) []byte { return append([]byte{kind}, msg...) }

var errKind = errors.New("message of an unknown kind")

func (d *driver) message(from bft.ID, raw []byte) {
	kind := byte(0)
	if len(raw) > 0 {
		kind = raw[0]
	}
	switch kind {
	case ledgerMsg:
	case decisionMsg:
		d.decider.handle(from, raw[1:])
		return
	case batchMsg:
		d.heardBatch(from, raw[1:])
		return
	default:
		d.faults.note(bft.Fault{Peer: from, Why: errKind})
		return
	}
	msg, err := ledger.Decode(d.quorum, raw[1:])
	if err != nil {
		d.faults.note(bft.Fault{Peer: from, Why: err})
		return
	}
	d.heard = max(d.heard, msg.Epoch)
	if msg.ACS.RBC.Kind == rbc.Val && msg.ACS.Slot == from {
		d.phase.heard(from, msg.Epoch, time.Now().Add(-d.transport.RTT(from)/2))
	}
	d.mayOpen(false)
	d.absorb(d.ledger.Handle(from, msg))
}
