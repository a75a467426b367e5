package net

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/quic-go/quic-go"
)

// Cause says why a connection was not let in.
type Cause string

// The causes, in the order in which they are looked for.
const (
	CauseBusy      Cause = "busy"      // too many handshakes at once
	CauseHandshake Cause = "handshake" // not QUIC, TLS 1.3 or our protocol, or given up
	CauseKey       Cause = "key"       // a key outside the roster, or another node's
	CauseHello     Cause = "hello"     // no HELLO, or one that does not decode
	CauseVersion   Cause = "version"   // another protocol version
	CauseCluster   Cause = "cluster"   // another cluster
	CauseEra       Cause = "era"       // another era
	CauseNode      Cause = "node"      // HELLO names another node than the key
	CauseByPeer    Cause = "by peer"   // the peer refused us
)

// Causes lists all of them, for metrics that begin with zeros.
func Causes() []Cause {
	return []Cause{
		CauseBusy, CauseHandshake, CauseKey, CauseHello, CauseVersion,
		CauseCluster, CauseEra, CauseNode, CauseByPeer,
	}
}

// refusal is an error that ends a connection before it is used.
type refusal struct {
	cause Cause
	text  string
}

func (r *refusal) Error() string { return r.text }

// causeOf tells the cause of an error that ended a connection before its HELLO was accepted.
func causeOf(err error) Cause {
	var own *refusal
	var tr *quic.TransportError
	switch {
	case errors.As(err, &own):
		return own.cause
	case remoteCode(err, codeRefused), errors.As(err, &tr) && tr.Remote && tr.ErrorCode.IsCryptoError():
		return CauseByPeer
	}
	return CauseHandshake
}

// Handshakes are the one thing that strangers can make us do. A handshake that
// does not end holds some 50 KiB for 6 s.
const (
	// retryAbove is how many handshakes may be in flight before a client must
	// first prove, at the cost of a round trip, that its address is its own
	// (RFC 9000, section 8.1.2). A roster that starts all at once stays below it
	// or pays that round trip.
	retryAbove = 64
	// maxHandshakes is how many may be in flight at all: 50 MiB.
	maxHandshakes = 1024
)

// door counts the handshakes in flight and reports those that fail.
type door struct {
	refused func(addr net.Addr, err error)

	mu       sync.Mutex
	inFlight map[*handshake]struct{}
	closed   bool
	reports  sync.WaitGroup
}

// handshake is one attempt to get in.
type handshake struct{ stop func() bool }

type handshakeKey struct{}

func newDoor(refused func(net.Addr, error)) *door {
	return &door{refused: refused, inFlight: make(map[*handshake]struct{})}
}

func (d *door) crowded(net.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.inFlight) >= retryAbove
}

// knock is quic-go's ConnContext: it sees every attempt before any
// cryptography, and its context ends with the attempt.
func (d *door) knock(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
	h := &handshake{}
	ctx = context.WithValue(ctx, handshakeKey{}, h)
	if err := d.admit(ctx, h, info.RemoteAddr); err != nil {
		return nil, err
	}
	return ctx, nil
}

func (d *door) admit(ctx context.Context, h *handshake, addr net.Addr) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errShutdown
	}
	if n := len(d.inFlight); n >= maxHandshakes {
		busy := &refusal{CauseBusy, fmt.Sprintf("%d handshakes in flight", n)}
		d.refused(addr, busy)
		return busy
	}
	d.inFlight[h] = struct{}{}
	d.reports.Add(1)
	h.stop = context.AfterFunc(ctx, func() {
		defer d.reports.Done()
		if d.settle(h) {
			d.refused(addr, context.Cause(ctx))
		}
	})
	return nil
}

// enter marks the handshake behind a connection's context as completed.
func (d *door) enter(ctx context.Context) {
	if h, ok := ctx.Value(handshakeKey{}).(*handshake); ok && d.settle(h) && h.stop() {
		d.reports.Done()
	}
}

// settle reports whether h was still in flight; it is not any more.
func (d *door) settle(h *handshake) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, waiting := d.inFlight[h]
	delete(d.inFlight, h)
	return waiting
}

// close ends the counting and waits for reports under way.
func (d *door) close() {
	d.mu.Lock()
	d.closed = true
	for h := range d.inFlight {
		delete(d.inFlight, h)
		if h.stop() {
			d.reports.Done()
		}
	}
	d.mu.Unlock()
	d.reports.Wait()
}
