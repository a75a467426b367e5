package net

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

// Transport is this node's end of all its links. Its methods may be called from
// any goroutine, before, while and after [Transport.Run] runs.
type Transport struct {
	conf   Config
	who    *identity
	outbox *outbox
	inbox  *Inbox
	peers  []*peer // in roster order; the one of this node has no link
	log    *slog.Logger
	quiet  quiet

	started   atomic.Bool
	listening chan struct{} // closed when addr is set
	addr      net.Addr
	refusals  refusals
}

// New checks the configuration. It starts nothing.
func New(conf Config) (*Transport, error) {
	if err := conf.validate(); err != nil {
		return nil, err
	}
	conf = conf.withDefaults()
	who, err := newIdentity(conf)
	if err != nil {
		return nil, err
	}
	n := len(conf.Peers)
	t := &Transport{
		conf:      conf,
		who:       who,
		outbox:    newOutbox(conf.Self, n, conf.Window),
		inbox:     newInbox(n, conf.Limits.InboxFrames, conf.Limits.InboxBytes),
		peers:     make([]*peer, n),
		log:       conf.Log,
		listening: make(chan struct{}),
	}
	for i := range t.peers {
		t.peers[i] = &peer{id: bft.ID(i), knocked: make(chan struct{}, 1)}
	}
	return t, nil
}

// Send keeps messages for their peers and wakes the writers concerned, each one
// once: give all messages of a step in one call. It panics on a message to
// who is not a peer, or of more than [MaxMessage] bytes.
func (t *Transport) Send(out ...Outgoing) { t.outbox.add(nil, out) }

// Release drops all messages of the epochs up to certified, also those to come.
func (t *Transport) Release(certified uint64) { t.outbox.release(certified) }

// ReleaseTopic drops the messages of a topic outside the epochs.
func (t *Transport) ReleaseTopic(topic string) { t.outbox.releaseTopic(topic) }

// SetPosition says how far this node is. Every frame tells it, and a peer that
// does not know the newest committed epoch gets a frame at once.
func (t *Transport) SetPosition(p Position) { t.outbox.add(&p, nil) }

// SendAt is SetPosition and Send in one: the same frame tells both.
func (t *Transport) SendAt(p Position, out ...Outgoing) { t.outbox.add(&p, out) }

// Held is the size of what was sent and is not released.
func (t *Transport) Held() Size { return t.outbox.held() }

// Inbox is where frames and the state of links come out.
func (t *Transport) Inbox() *Inbox { return t.inbox }

// Listening is closed once the socket is bound.
func (t *Transport) Listening() <-chan struct{} { return t.listening }

// Addr is the bound UDP address, nil before [Transport.Listening] is closed.
func (t *Transport) Addr() net.Addr {
	select {
	case <-t.listening:
		return t.addr
	default:
		return nil
	}
}

// Run binds the socket, dials, accepts and serves until ctx ends, and then waits
// for all that it started. The error is nil when ctx ended it. It can
// be called once.
func (t *Transport) Run(ctx context.Context) error {
	if t.started.Swap(true) {
		return errors.New("net: run: called twice")
	}
	socket, err := t.open()
	if err != nil {
		return fmt.Errorf("net: %w", err)
	}
	defer socket.Close()
	if err := t.serve(ctx, socket); err != nil {
		return fmt.Errorf("net: %w", err)
	}
	return nil
}

func (t *Transport) serve(ctx context.Context, socket net.PacketConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reset, err := t.who.resetKey()
	if err != nil {
		return err
	}
	door := newDoor(t.refuse)
	defer door.close()
	tr := &quic.Transport{
		Conn:                inBursts(t.wrap(socket)),
		ConnectionIDLength:  connectionIDLength,
		StatelessResetKey:   reset,
		VerifySourceAddress: door.crowded,
		ConnContext:         door.knock,
	}
	defer tr.Close()
	ln, err := tr.Listen(t.who.accepting(), quicConfig(t.conf.Timing))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer ln.Close()
	t.checkBuffers(socket)
	t.addr = ln.Addr()
	close(t.listening)
	t.log.Info("listening", "addr", t.addr.String(), "node", int(t.conf.Self))

	var running sync.WaitGroup
	for _, p := range t.peers[:t.conf.Self] {
		running.Go(func() { t.dialForEver(ctx, tr, p) })
	}
	for _, p := range t.peers[t.conf.Self+1:] {
		running.Go(func() { t.knock(ctx, tr, p) })
	}
	err = t.accept(ctx, ln, door, &running)
	cancel()
	running.Wait()
	t.log.Info("stopped", "node", int(t.conf.Self))
	return err
}

// accept lets higher nodes in, and hears lower ones knock, until ctx or the listener ends.
func (t *Transport) accept(ctx context.Context, ln *quic.Listener, door *door, running *sync.WaitGroup) error {
	for {
		conn, err := ln.Accept(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		door.enter(conn.Context())
		running.Go(func() { t.welcome(ctx, conn) })
	}
}

// refuse counts a connection that was not let in, and says so now and then. One that
// ended because a peer meant it to was not refused, however early it ended: QUIC
// takes such a farewell only from who has finished the handshake.
func (t *Transport) refuse(addr net.Addr, err error) {
	if benign(err) {
		return
	}
	cause := causeOf(err)
	t.refusals.count(cause)
	t.sayRefused(addr, cause, err)
}

func (t *Transport) sayRefused(addr net.Addr, cause Cause, err error) {
	// By address without port: whoever knocks often does it from many ports.
	host := addr.String()
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	level, what := slog.LevelWarn, "connection refused"
	if gaveUp(err) {
		level, what = slog.LevelInfo, "connection given up by the other side"
	}
	if due, skipped := t.quiet.say(what+" "+string(cause)+" "+host, once, time.Now()); due {
		t.log.Log(context.Background(), level, what, "cause", string(cause), "addr", addr.String(), "err", ending(err), "skipped", skipped)
	}
}
