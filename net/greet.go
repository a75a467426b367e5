package net

import (
	"bufio"
	"context"
	"errors"
	"os"
	"time"

	"github.com/quic-go/quic-go"
)

// readBuffer saves calls when frames are small.
const readBuffer = 64 << 10

// welcome takes an accepted connection, whose key TLS has checked, to its end.
func (t *Transport) welcome(ctx context.Context, conn *quic.Conn) {
	id, err := t.who.peer(conn.ConnectionState().TLS)
	if err != nil {
		closeWith(conn, err)
		return
	}
	p := t.peers[id]
	if id < t.conf.Self {
		t.answer(p, conn)
		return
	}
	p.guest(conn)
	link, err := t.greet(ctx, conn, p, (*quic.Conn).AcceptStream)
	p.seated(conn)
	if err != nil {
		if err = t.turnAway(conn, err); !benign(err) {
			p.note(err)
			t.sayRefused(conn.RemoteAddr(), causeOf(err), err)
		}
		return
	}
	if err = link.run(ctx); ctx.Err() == nil {
		t.sayLost(p, err)
	}
}

// greet exchanges HELLO on the control stream, which the dialer opens, and
// makes a link of the connection. The acceptor says who it is only to a peer
// whose HELLO is right.
func (t *Transport) greet(ctx context.Context, conn *quic.Conn, p *peer,
	control func(*quic.Conn, context.Context) (*quic.Stream, error),
) (*link, error) {
	stop := context.AfterFunc(ctx, func() { closeWith(conn, errShutdown) })
	defer stop()
	limited, cancel := context.WithTimeout(ctx, t.conf.Timing.Handshake)
	defer cancel()
	ctrl, err := control(conn, limited)
	if err != nil {
		return nil, unheard(err)
	}
	if err := ctrl.SetDeadline(time.Now().Add(t.conf.Timing.Handshake)); err != nil {
		return nil, err
	}
	ctrl.SetPriority(urgencyControl, true)
	l := newLink(t, p, conn, ctrl)
	if l.their, err = l.hello(p.id < t.conf.Self); err != nil {
		return nil, unheard(err)
	}
	return l, ctrl.SetDeadline(time.Time{})
}

// hello sends ours and checks theirs; the dialer speaks first.
func (l *link) hello(first bool) (hello, error) {
	if first {
		if _, err := l.ctrl.Write(l.own.encode()); err != nil {
			return hello{}, err
		}
	}
	their, err := readHello(l.in)
	if err != nil {
		return hello{}, err
	}
	if err := their.check(l.own, l.peer.id); err != nil {
		return hello{}, err
	}
	if !first {
		_, err = l.ctrl.Write(l.own.encode())
	}
	return their, err
}

// unheard makes a refusal of a HELLO that is malformed or does not come.
func unheard(err error) error {
	var bad *violation
	if errors.As(err, &bad) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return &refusal{CauseHello, "no HELLO: " + err.Error()}
	}
	return err
}

// turnAway ends a connection whose HELLO failed, and counts it.
func (t *Transport) turnAway(conn *quic.Conn, err error) error {
	err = conclude(conn, err)
	if !benign(err) {
		t.refusals.count(causeOf(err))
	}
	return err
}

// conclude closes a connection for err, unless it ended before. It returns
// the reason why it ended.
func conclude(conn *quic.Conn, err error) error {
	closeWith(conn, err)
	cause := context.Cause(conn.Context())
	var app *quic.ApplicationError
	if errors.As(cause, &app) && !app.Remote {
		return err // our own close, of which err says more
	}
	return cause
}

func closeWith(conn *quic.Conn, err error) {
	code, reason := closing(err)
	conn.CloseWithError(code, reason)
}

// newHello is what this node says first on a connection made now.
func (t *Transport) newHello() hello {
	at := t.outbox.position()
	return hello{
		Version: version, Cluster: t.conf.Cluster, Era: t.conf.Era, Node: uint64(t.conf.Self),
		Committed: at.Committed, Certified: at.Certified,
	}
}

func newReader(ctrl *quic.Stream) *bufio.Reader { return bufio.NewReaderSize(ctrl, readBuffer) }
