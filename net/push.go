package net

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

const (
	// MaxHead is the largest head of a push: a name and a few numbers.
	MaxHead = 1 << 10
	// maxBodyLimit is the most that Limits.MaxBody may be: a length is a u32 on
	// the wire and an int in memory.
	maxBodyLimit = 1 << 30
)

// push waits for its turn; it is small because the body is loaded only then.
type push struct {
	head []byte
	body func() ([]byte, error)
}

// Push queues a push to peer and reports whether it was: it is dropped when the
// peer is down or its queue is full. It panics on a head of more than
// [MaxHead] bytes. body is called when the push starts, on another goroutine;
// its error drops the push, and what it returns must not change.
func (t *Transport) Push(to bft.ID, head []byte, body func() ([]byte, error)) bool {
	if len(head) > MaxHead {
		panic(fmt.Sprintf("net: internal error: push with a head of %d bytes, limit %d", len(head), MaxHead))
	}
	p := t.peers[to]
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != nil {
		select {
		case p.link.pushes <- push{head, body}:
			return true
		default:
		}
	}
	p.count.push.dropped.Add(1)
	return false
}

// sendPushes is one of the workers that empty the queue.
func (l *link) sendPushes() error {
	ctx := l.conn.Context()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case next := <-l.pushes:
			if err := l.sendPush(ctx, next); err != nil {
				l.peer.count.push.dropped.Add(1)
				l.t.log.Debug("push not sent", "peer", int(l.peer.id), "err", err)
			}
		}
	}
}

// sendPush fails without harm to the link: a lost push is pulled.
func (l *link) sendPush(ctx context.Context, p push) error {
	stream, err := l.conn.OpenUniStreamSync(ctx)
	if err != nil {
		return err
	}
	// Only now: a peer that takes no pushes must not cost us bodies.
	body, err := p.body()
	if err == nil && int64(len(body)) > l.t.conf.Limits.MaxBody {
		err = fmt.Errorf("%d bytes: %w", len(body), ErrTooLarge)
	}
	if err != nil {
		stream.CancelWrite(streamGone)
		return fmt.Errorf("load the body: %w", err)
	}
	// Incremental, that is in turns with other pushes. One after the other would
	// complete the first one sooner, but then quic-go keeps a stream that waits
	// for its window at the head, and the others behind it.
	stream.SetPriority(urgencyPush, true)
	head := binary.BigEndian.AppendUint16(make([]byte, 0, len(p.head)+6), uint16(len(p.head)))
	head = append(head, p.head...)
	head = binary.BigEndian.AppendUint32(head, uint32(len(body)))
	if _, err := stream.Write(head); err != nil {
		stream.CancelWrite(streamGone)
		return err
	}
	if _, err := stream.Write(body); err != nil {
		stream.CancelWrite(streamGone)
		return err
	}
	if err := stream.Close(); err != nil {
		return err
	}
	l.peer.count.push.out(len(head)+len(body), 1)
	return nil
}

func (l *link) acceptPushes() error {
	for {
		stream, err := l.conn.AcceptUniStream(l.conn.Context())
		if err != nil {
			return err
		}
		l.work.Go(func() {
			select {
			case l.slots <- struct{}{}:
			case <-l.conn.Context().Done():
				return
			}
			defer func() { <-l.slots }()
			if err := l.receivePush(stream); err != nil {
				l.fail(err)
			}
		})
	}
}

// receivePush gives one push to its handler. Its error is a violation: the
// handler's own ends the stream alone.
func (l *link) receivePush(stream *quic.ReceiveStream) error {
	defer stream.CancelRead(streamUnwanted) // nothing, once it was read to its end
	head, size, err := readPushHead(stream, l.t.conf.Limits.MaxBody)
	if err != nil {
		return onlyViolation(err)
	}
	if l.t.conf.OnPush == nil {
		l.peer.count.push.refused.Add(1)
		return nil
	}
	body := &exactly{r: stream, left: size}
	err = l.t.conf.OnPush(l.conn.Context(), l.peer.id, head, size, body)
	l.peer.count.push.in(int(size-body.left), 1)
	if err == nil && body.left == 0 && !body.ended {
		body.end() // who reads exactly size bytes has not seen the end
	}
	if body.broken != nil {
		return body.broken
	}
	if err != nil {
		l.peer.count.push.refused.Add(1)
		l.t.log.Debug("push refused", "peer", int(l.peer.id), "err", err)
	}
	return nil
}

func readPushHead(r io.Reader, limit int64) (head []byte, size int64, err error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:2]); err != nil {
		return nil, 0, midway("push head", err)
	}
	length := binary.BigEndian.Uint16(n[:2])
	if length > MaxHead {
		return nil, 0, violationf("push head of %d bytes, limit %d", length, MaxHead)
	}
	head = make([]byte, length)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, 0, midway("push head", err)
	}
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, 0, midway("push size", err)
	}
	size = int64(binary.BigEndian.Uint32(n[:]))
	if size > limit {
		return nil, 0, violationf("push of %d bytes, limit %d", size, limit)
	}
	return head, size, nil
}

// midway is cutOff where also an end before the first byte is too early.
func midway(what string, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return cutOff(what, err)
}

func onlyViolation(err error) error {
	var bad *violation
	if errors.As(err, &bad) {
		return err
	}
	return nil // the peer reset the stream, or the connection is gone
}
