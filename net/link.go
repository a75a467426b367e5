package net

import (
	"bufio"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

// peer is another node of the roster.
type peer struct {
	id    bft.ID
	count counters

	mu      sync.Mutex
	link    *link      // the present one, nil when down
	waiting *quic.Conn // accepted, its HELLO not read
	lastErr string     // why there was no link, last time
	wire    Wire       // of all links so far, see weigh

	knockedAt time.Time
	knocked   chan struct{} // capacity 1: the peer wants to be dialled
}

// link is one connection from its HELLO to its end.
type link struct {
	t      *Transport
	peer   *peer
	conn   *quic.Conn
	ctrl   *quic.Stream
	in     *bufio.Reader
	own    hello // as we said it
	their  hello
	pushes chan push
	slots  chan struct{} // one for each push that is handled
	since  time.Time

	weighed Wire // what the peer's sum has of it; under the peer's lock

	failing sync.Once
	err     error // why it ended, set before the connection is closed
	work    sync.WaitGroup
	done    chan struct{} // closed when nothing of it runs any more
}

func newLink(t *Transport, p *peer, conn *quic.Conn, ctrl *quic.Stream) *link {
	return &link{
		t: t, peer: p, conn: conn, ctrl: ctrl,
		in:     newReader(ctrl),
		own:    t.newHello(),
		pushes: make(chan push, t.conf.Limits.PushQueue),
		slots:  make(chan struct{}, pushHandlers),
		since:  time.Now(),
		done:   make(chan struct{}),
	}
}

// guest notes an accepted connection that has not said HELLO. A peer may have
// one: an older one goes.
func (p *peer) guest(conn *quic.Conn) {
	p.mu.Lock()
	older := p.waiting
	p.waiting = conn
	p.mu.Unlock()
	if older != nil {
		closeWith(older, errReplaced)
	}
}

func (p *peer) seated(conn *quic.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == conn {
		p.waiting = nil
	}
}

func (p *peer) swap(l *link) (older *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	older, p.link = p.link, l
	return older
}

// present is the link to send on, nil when the peer is down.
func (p *peer) present() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link
}

func (p *peer) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastErr = err.Error()
}

// run serves the link until the connection or ctx ends and returns why it
// ended. A link that the peer had before is ended first, to the last goroutine:
// so frames of two connections never mix, and what a peer can make us run is
// bounded however often it connects.
func (l *link) run(ctx context.Context) error {
	defer close(l.done)
	stop := context.AfterFunc(ctx, func() { l.fail(errShutdown) })
	defer stop()
	if older := l.peer.swap(l); older != nil {
		older.fail(errReplaced)
		<-older.done
	}
	err := l.up()
	if err == nil {
		l.work.Go(func() { l.fail(l.read()) })
		l.work.Go(func() { l.fail(l.write()) })
		l.work.Go(func() { l.fail(l.watch()) })
		l.work.Go(func() { l.fail(l.acceptPushes()) })
		l.work.Go(func() { l.fail(l.acceptRequests()) })
		for range pushHandlers {
			l.work.Go(func() { l.fail(l.sendPushes()) })
		}
		l.work.Wait()
		l.t.inbox.down(l.peer.id)
	}
	l.fail(err)
	l.leave()
	return l.err
}

// up hands the outbox over to the link and announces it to the driver.
func (l *link) up() error {
	l.peer.count.links.Add(1)
	l.t.outbox.connect(l.peer.id, l.their.position(), l.own.position())
	event := Event{From: l.peer.id, Kind: LinkUp, Position: l.their.position()}
	if err := l.t.inbox.put(l.conn.Context(), event, 0); err != nil {
		return err
	}
	if due, skipped := l.t.quiet.say(linkKind(l.peer), often, time.Now()); due {
		l.t.log.Info("link up", "peer", int(l.peer.id), "addr", l.conn.RemoteAddr().String(), "skipped", skipped)
	}
	return nil
}

// leave takes the link out of its peer and drops the pushes that it did not
// start.
func (l *link) leave() {
	l.peer.mu.Lock()
	l.peer.weigh(l)
	if l.peer.link == l {
		l.peer.link = nil
	}
	l.peer.mu.Unlock()
	// Push holds the lock while it adds, so nothing comes any more.
	for {
		select {
		case <-l.pushes:
			l.peer.count.push.dropped.Add(1)
		default:
			return
		}
	}
}

// fail ends the link. The first reason counts.
func (l *link) fail(err error) {
	l.failing.Do(func() {
		var bad *violation
		if errors.As(err, &bad) {
			l.peer.count.violations.Add(1)
		}
		l.err = conclude(l.conn, err)
	})
}
