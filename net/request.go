package net

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

// maxRequest bounds the body of a request, which is read before it is served:
// 2,000 digests.
const maxRequest = 64 << 10

// First byte of what comes back.
const (
	answered = 0
	declined = 1
)

// requestHead is kind and length, or status and length.
const requestHead = 1 + 4

// Request asks a peer and waits for its answer of at most limit bytes. More
// requests than the peer serves at once wait for their turn. gotOn is called when
// another 16 KiB of the answer are here, and may be nil. The error is
// [ErrDown], [ErrTooLarge], [ErrSlow], an [*AnswerError], what ended ctx, or what
// ended the connection.
func (t *Transport) Request(ctx context.Context, to bft.ID, kind byte, body []byte, limit int, gotOn func()) ([]byte, error) {
	if len(body) > maxRequest {
		return nil, fmt.Errorf("request of %d bytes: %w", len(body), ErrTooLarge)
	}
	l := t.peers[to].present()
	if l == nil {
		return nil, fmt.Errorf("node %d: %w", to, ErrDown)
	}
	ctx, deadline := answerDeadline(ctx, t.conf.Timing.Answer)
	defer deadline.end()
	answer, err := l.request(ctx, kind, body, limit, func(n int) {
		deadline.extend(n)
		if gotOn != nil {
			gotOn()
		}
	})
	if ctx.Err() != nil && err != nil {
		err = context.Cause(ctx) // and not that the stream was cancelled, which is how
	}
	var declined *AnswerError
	if onlyViolation(err) != nil {
		l.fail(err)
	}
	if err != nil && !errors.As(err, &declined) {
		l.peer.count.request.dropped.Add(1)
		return nil, fmt.Errorf("request to node %d: %w", to, err)
	}
	return answer, err
}

func (l *link) request(ctx context.Context, kind byte, body []byte, limit int, gotOn func(bytes int)) ([]byte, error) {
	stream, err := l.conn.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	// Cancelling what has ended does nothing, so this is for every way out.
	cancel := func() {
		stream.CancelRead(streamUnwanted)
		stream.CancelWrite(streamGone)
	}
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	defer stream.CancelRead(streamUnwanted)
	stream.SetPriority(urgencyRequest, true)
	if err := writeBlock(stream, kind, body); err != nil {
		stream.CancelWrite(streamGone)
		return nil, err
	}
	l.peer.count.request.out(requestHead+len(body), 1)
	status, answer, err := readBlock(stream, limit, gotOn)
	if err != nil {
		return nil, err
	}
	l.peer.count.request.bytesIn.Add(uint64(requestHead + len(answer)))
	if status != answered {
		return nil, &AnswerError{l.peer.id, short(string(answer))}
	}
	return answer, nil
}

// writeBlock sends one byte, a length and a body, and ends the stream.
func writeBlock(stream *quic.Stream, first byte, body []byte) error {
	head := make([]byte, 0, requestHead)
	head = binary.BigEndian.AppendUint32(append(head, first), uint32(len(body)))
	if _, err := stream.Write(head); err != nil {
		return err
	}
	if _, err := stream.Write(body); err != nil {
		return err
	}
	return stream.Close()
}

// readBlock reads what writeBlock sent, to the end of the stream, and calls gotOn for
// each step of the body.
func readBlock(r io.Reader, limit int, gotOn func(bytes int)) (first byte, body []byte, err error) {
	var head [requestHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, midway("block head", err)
	}
	first = head[0]
	limit = max(limit, 0)
	if first == declined {
		limit = max(limit, maxText) // also who asks for little may hear why not
	}
	size := binary.BigEndian.Uint32(head[1:])
	if uint64(size) > uint64(limit) {
		return first, nil, fmt.Errorf("%d bytes, limit %d: %w", size, limit, ErrTooLarge)
	}
	body = make([]byte, size)
	rest := &exactly{r: r, left: int64(size)}
	for step := range slices.Chunk(body, answerStep) {
		if _, err := io.ReadFull(rest, step); err != nil {
			return first, nil, midway("block", err)
		}
		gotOn(len(step))
	}
	if err := rest.end(); err != io.EOF {
		return first, nil, err
	}
	return first, body, nil
}

func (l *link) acceptRequests() error {
	for {
		stream, err := l.conn.AcceptStream(l.conn.Context())
		if err != nil {
			return err
		}
		l.work.Go(func() {
			if err := l.serve(stream); err != nil {
				l.fail(err)
			}
		})
	}
}

// serve answers one request. Its error is a violation; whatever else fails ends
// the stream alone.
func (l *link) serve(stream *quic.Stream) error {
	defer stream.CancelRead(streamUnwanted)
	kind, body, err := readBlock(stream, maxRequest, func(int) {})
	if errors.Is(err, ErrTooLarge) {
		err = &violation{fmt.Errorf("request: %w", err)}
	}
	if err != nil {
		stream.CancelWrite(streamGone)
		return onlyViolation(err)
	}
	l.peer.count.request.in(requestHead+len(body), 1)
	status, answer := l.answer(stream.Context(), kind, body)
	stream.SetPriority(urgencyRequest, true)
	l.peer.count.request.bytesOut.Add(uint64(requestHead + len(answer))) // also if it is cut short: it may have cost that
	if err := writeBlock(stream, status, answer); err != nil {
		stream.CancelWrite(streamGone)
		l.t.log.Debug("answer not sent", "peer", int(l.peer.id), "err", err)
	}
	return nil
}

func (l *link) answer(ctx context.Context, kind byte, body []byte) (status byte, answer []byte) {
	if l.t.conf.OnRequest == nil {
		return l.decline(errors.New("no requests are served here"))
	}
	answer, err := l.t.conf.OnRequest(ctx, l.peer.id, kind, body)
	if err == nil && int64(len(answer)) > l.t.conf.Limits.MaxBody {
		err = fmt.Errorf("answer of %d bytes: %w", len(answer), ErrTooLarge)
	}
	if err != nil {
		return l.decline(err)
	}
	return answered, answer
}

func (l *link) decline(err error) (status byte, text []byte) {
	l.peer.count.request.refused.Add(1)
	return declined, []byte(short(err.Error()))
}
