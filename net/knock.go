package net

import (
	"context"
	"time"

	"github.com/quic-go/quic-go"
)

// A pair's connection is dialled by its higher node. When the lower one has been
// killed and comes back, the higher one may not know: an idle connection sends packets
// too small to be answered by a stateless reset (RFC 9000, section 10.3.3), and
// ends only by its idle timeout; and who has given up waits for its back-off. So a
// node that starts knocks: it makes a connection to each higher node, which proves
// who knocks and that it lives, and is closed again; then the higher node dials.

// knocks is how often a node knocks at one that does not dial: packets get lost.
const knocks = 3

// knock makes a higher node dial, if it is there and does not do so by itself.
func (t *Transport) knock(ctx context.Context, tr *quic.Transport, p *peer) {
	for attempt := range knocks {
		addr, err := t.resolve(ctx, t.conf.Peers[p.id].Addr, attempt)
		if err != nil {
			return // what is wrong with the address is said where it is dialled
		}
		limited, cancel := context.WithTimeout(ctx, t.conf.Timing.Handshake)
		if conn, err := tr.Dial(limited, addr, t.who.dialing(p.id), quicConfig(t.conf.Timing)); err == nil {
			select {
			case <-conn.Context().Done(): // by the peer, once it has seen who we are
			case <-limited.Done():
			}
			closeWith(conn, errKnock)
		}
		<-limited.Done() // not more often than that
		cancel()
		if ctx.Err() != nil || p.present() != nil {
			return
		}
	}
}

// answer takes a lower node's knock. A link that is older than a knock can be is
// one of the peer's former process, since a process knocks only where it has none.
func (t *Transport) answer(p *peer, conn *quic.Conn) {
	closeWith(conn, errKnock)
	if !p.mayKnock(time.Now(), t.conf.Timing.BackoffMax) {
		return
	}
	if l := p.present(); l == nil || time.Since(l.since) > t.conf.Timing.Handshake {
		if l != nil {
			l.fail(errRestarted)
		}
		select {
		case p.knocked <- struct{}{}:
		default:
		}
	}
}

// mayKnock spares the back-off of a peer that knocks all the time.
func (p *peer) mayKnock(now time.Time, pause time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.knockedAt) < pause {
		return false
	}
	p.knockedAt = now
	return true
}
