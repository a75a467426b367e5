package net

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/quic-go/quic-go"
)

// backoff is the pause between dials.
type backoff struct {
	lo, hi time.Duration
	next   time.Duration
}

func (b *backoff) reset() { b.next = b.lo }

// pause is the next one: at least half of its nominal length, which doubles.
func (b *backoff) pause(chance float64) time.Duration {
	d := min(max(b.next, b.lo), b.hi)
	b.next = min(2*d, b.hi)
	return d - time.Duration(chance*float64(d)/2)
}

// dialForEver keeps a link to a lower node until ctx ends.
func (t *Transport) dialForEver(ctx context.Context, tr *quic.Transport, p *peer) {
	b := backoff{lo: t.conf.Timing.BackoffMin, hi: t.conf.Timing.BackoffMax}
	for attempt := 0; ; attempt++ {
		began := time.Now()
		err := t.dial(ctx, tr, p, attempt)
		if ctx.Err() != nil {
			return
		}
		t.sayLost(p, err)
		if time.Since(began) > b.hi {
			b.reset() // it was a link, not a peer that throws us out
		}
		if remoteCode(err, codeReplaced) {
			b.next = b.hi // somebody else dials with this node's key: do not fight
		}
		pause := time.NewTimer(b.pause(rand.Float64()))
		select {
		case <-pause.C:
		case <-p.knocked:
			pause.Stop()
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// dial makes one connection and serves it to its end.
func (t *Transport) dial(ctx context.Context, tr *quic.Transport, p *peer, attempt int) error {
	addr, err := t.resolve(ctx, t.conf.Peers[p.id].Addr, attempt)
	if err != nil {
		return err
	}
	conn, err := tr.Dial(ctx, addr, t.who.dialing(p.id), quicConfig(t.conf.Timing))
	if err != nil {
		if cause := causeOf(err); cause != CauseHandshake {
			t.refusals.count(cause) // somebody answered, and it was not the peer
		}
		return fmt.Errorf("dial %s: %w", addr, err)
	}
	link, err := t.greet(ctx, conn, p, (*quic.Conn).OpenStreamSync)
	if err != nil {
		return t.turnAway(conn, err)
	}
	return link.run(ctx)
}

// resolve gives an address of a peer. Of several, every attempt takes the next.
func (t *Transport) resolve(ctx context.Context, addr string, attempt int) (*net.UDPAddr, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, t.family(), host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, fmt.Errorf("no address of %q", host)
	}
	ip := ips[attempt%len(ips)].Unmap()
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port))), nil
}

// family is what the socket can send to: one bound to an IPv4 address cannot
// reach an IPv6 one.
func (t *Transport) family() string {
	local, ok := t.addr.(*net.UDPAddr)
	switch {
	case ok && local.IP.To4() != nil:
		return "ip4"
	case ok && !local.IP.IsUnspecified():
		return "ip6"
	}
	return "ip"
}

// sayLost logs why there is no link to a peer, once for each kind of reason.
func (t *Transport) sayLost(p *peer, err error) {
	err = ending(err)
	p.note(err)
	lines, kind := once, fmt.Sprintf("lost %d %s", p.id, kindOf(err))
	if benign(err) {
		lines, kind = often, linkKind(p)
	}
	due, skipped := t.quiet.say(kind, lines, time.Now())
	switch {
	case !due:
	case benign(err):
		t.log.Info("link down", "peer", int(p.id), "err", err, "skipped", skipped)
	case remoteCode(err, codeReplaced):
		t.log.Error("another process uses this node's key", "peer", int(p.id), "err", err, "skipped", skipped)
	default:
		t.log.Warn("no link to peer", "peer", int(p.id), "err", err, "skipped", skipped)
	}
}
