package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"abad/api/wire"
	"abad/batch"
	"abad/node"
)

const (
	// streamPlaces is how many places of waiting submissions a stream of them
	// takes: about as much memory, 1 MiB, of which its values in flight are most.
	streamPlaces = 32
	// streamFlight bounds the values of one stream that wait for their blocks or
	// whose answers wait for the client. Four streams then keep half a second of
	// 30,000 values a second on their way.
	streamFlight = 4096
	// streamBuffer takes most values whole, so that they are copied once, into
	// their batch.
	streamBuffer = 64 << 10
	// streamPiece bounds the values that are given to the node together.
	streamPiece = 256
	// streamAnswers is how many bytes of answers wait for a slow reader before the
	// rest waits as tickets.
	streamAnswers = 64 << 10
	// busyPause is how long a stream that found the node full waits at most before
	// it asks again; its own values make it ask as they come out.
	busyPause = 20 * time.Millisecond
)

// postStream takes values from one long request and answers each when it is in a
// block. A client that sends more than the node can take is not read from.
func (s *Server) postStream(w *reply, r *http.Request) error {
	control := http.NewResponseController(w)
	// First of all: a refusal must not wait for a body that waits for an answer.
	if err := control.EnableFullDuplex(); err != nil || !r.ProtoAtLeast(1, 1) {
		return problemf(http.StatusBadRequest, "a stream of values needs HTTP/1.1 or later")
	}
	if _, err := query(r); err != nil {
		return err
	}
	if isJSON, err := contentType(r.Header); err != nil || isJSON {
		if err == nil {
			err = problemf(http.StatusUnsupportedMediaType, "a stream of values is not JSON").
				withHint("use %s, or post values one by one to /v1/values", wire.StreamType)
		}
		return err
	}
	if !s.waiting.take(streamPlaces) {
		return busy("too many submissions are waiting on this node")
	}
	defer s.waiting.give(streamPlaces)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	st := newValueStream(s, cancel, r.Body, control.SetReadDeadline)
	st.within(0)
	head(w, wire.StreamType)
	w.WriteHeader(http.StatusOK)
	if control.Flush() != nil {
		return nil // gone
	}
	if err := st.run(ctx, func(piece []byte) error {
		extend(w)
		_, err := w.Write(piece)
		return errors.Join(err, control.Flush())
	}); err != nil {
		panic(http.ErrAbortHandler) // the client must not take the cut for an end
	}
	return nil
}

// valueStream is one stream of submissions: read takes values from the client and
// gives them to the node, settle waits for what becomes of them, in order, and
// write sends the answers.
type valueStream struct {
	server *Server
	cancel context.CancelCauseFunc
	body   *source
	in     *bufio.Reader // of body

	values  []batch.Value // read uses it again
	flight  chan promise  // values that the node has, oldest first
	flying  atomic.Int64  // how many, at most streamFlight
	settled chan struct{} // some have come out: there may be room

	mu      sync.Mutex
	room    sync.Cond // in answers, for settle
	answers []byte
	ended   bool
	ready   chan struct{} // there is something to write

	deadlines sync.Mutex
	deadline  func(time.Time) error
	unread    bool // nothing will be read any more
}

func newValueStream(s *Server, cancel context.CancelCauseFunc, body io.Reader, deadline func(time.Time) error) *valueStream {
	st := &valueStream{
		server: s, cancel: cancel, body: &source{r: body}, deadline: deadline,
		flight: make(chan promise, streamFlight), settled: make(chan struct{}, 1), ready: make(chan struct{}, 1),
	}
	st.in = bufio.NewReaderSize(st.body, streamBuffer)
	st.room.L = &st.mu
	return st
}

// source remembers when the last bytes of a body came, and how it ended.
type source struct {
	r    io.Reader
	came time.Time
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.came = time.Now() // once for many values
	if err != nil {
		s.err = err
	}
	return n, err
}

// run serves the stream to its end. The error says that the client has gone.
func (st *valueStream) run(ctx context.Context, send func([]byte) error) error {
	stop := context.AfterFunc(ctx, func() {
		st.stopReading()
		st.mu.Lock()
		defer st.mu.Unlock()
		st.room.Broadcast()
	})
	defer stop()
	var parts sync.WaitGroup
	parts.Go(func() { st.read(ctx) })
	parts.Go(func() { st.settle(ctx) })
	err := st.write(ctx, send)
	st.cancel(err)
	parts.Wait()
	return err
}

// promise is values on their way, or the answer to one that is not.
type promise struct {
	ticket Ticket
	answer *wire.Answer // where there is no ticket
}

func (p promise) len() int {
	if p.ticket == nil {
		return 1
	}
	return p.ticket.Len()
}

// errGone: the connection is broken, and nobody waits for answers.
var errGone = errors.New("the client has gone")

// within bounds how long the next read may take; 0: for ever.
func (st *valueStream) within(d time.Duration) {
	st.deadlines.Lock()
	defer st.deadlines.Unlock()
	switch {
	case st.unread:
	case d == 0:
		_ = st.deadline(time.Time{})
	default:
		_ = st.deadline(time.Now().Add(d))
	}
}

// stopReading ends a read under way, and all to come.
func (st *valueStream) stopReading() {
	st.deadlines.Lock()
	defer st.deadlines.Unlock()
	if !st.unread {
		st.unread = true
		_ = st.deadline(time.Now())
	}
}

// read gives the client's values to the node until the body ends or is wrong.
func (st *valueStream) read(ctx context.Context) {
	defer close(st.flight)
	var err error
	for err == nil {
		err = st.readValues(ctx)
	}
	var p *problem
	switch {
	case err == io.EOF: // after a whole value: the client is done
		st.deadlines.Lock()
		st.unread = true // net/http listens now for a client that hangs up
		st.deadlines.Unlock()
	case errors.Is(context.Cause(ctx), errStopping):
		st.flight <- promise{answer: end(stopping())}
	case errors.As(err, &p):
		st.flight <- promise{answer: end(p)}
	default:
		st.cancel(err)
	}
}

// readValues waits for a value and takes it, with those that are here too. Its error is
// a *problem, io.EOF between two values, or else the stream is dead.
func (st *valueStream) readValues(ctx context.Context) error {
	// A client may wait as long as it likes between values, which costs it nothing
	// that its place in the gauge has not paid for; not within one.
	if st.in.Buffered() == 0 {
		if _, err := st.in.Peek(1); err == io.EOF {
			return err
		} else if err != nil {
			return errors.Join(errGone, err)
		}
	}
	buf, _ := st.in.Peek(st.in.Buffered())
	if _, size := wire.NextValue(buf); size == 0 {
		st.within(readTimeout)
		defer st.within(0)
	}
	head, err := st.in.Peek(wire.ValueHead)
	if err != nil {
		return st.cut(err)
	}
	length, id := wire.ReadValueHead([wire.ValueHead]byte(head))
	large := length > streamBuffer-uint32(wire.ValueHead)
	if !large {
		if _, err := st.in.Peek(wire.ValueHead + int(length)); err != nil {
			return st.cut(err)
		}
	}
	if err := st.until(ctx, func() bool { return st.flying.Load() < streamFlight }); err != nil {
		return err
	}
	if large || int(length) > st.server.conf.Node.Limits().MaxValue {
		st.in.Discard(wire.ValueHead)
		return st.takeLarge(ctx, id, int64(length))
	}
	return st.takeBuffered(ctx)
}

// takeBuffered puts the values on their way that are in the buffer, at least one.
func (st *valueStream) takeBuffered(ctx context.Context) error {
	most := min(streamPiece, streamFlight-int(st.flying.Load()))
	limit := st.server.conf.Node.Limits().MaxValue
	buf, _ := st.in.Peek(st.in.Buffered())
	st.values = st.values[:0]
	took := 0
	for len(st.values) < most {
		v, size := wire.NextValue(buf[took:])
		if size == 0 || len(v.Payload) > limit {
			break
		}
		st.values = append(st.values, v)
		took += size
	}
	err := st.enqueue(ctx, st.values...)
	st.in.Discard(took)
	return err
}

// takeLarge reads a payload for which the buffer is too small, or which is too large.
func (st *valueStream) takeLarge(ctx context.Context, id batch.ValueID, length int64) error {
	defer st.within(0)
	if limit := int64(st.server.conf.Node.Limits().MaxValue); length > limit {
		st.within(readTimeout)
		if err := st.skip(length); err != nil {
			return st.cut(err)
		}
		st.promise(promise{answer: refuse(problemf(http.StatusRequestEntityTooLarge, "the value is over the limit of %d bytes", limit))})
		return nil
	}
	// The room for a large value is there before the first byte of it: streams that
	// held some and waited for more could wait for each other.
	if err := st.until(ctx, func() bool { return st.server.bodies.take(length) }); err != nil {
		return err
	}
	defer st.server.bodies.give(length)
	st.within(readTimeout) // now: how long there was no room is not the client's fault
	payload := make([]byte, length)
	if _, err := io.ReadFull(st.in, payload); err != nil {
		return st.cut(err)
	}
	return st.enqueue(ctx, batch.Value{ID: id, Payload: payload})
}

// skip passes over a payload that is too large to be kept.
func (st *valueStream) skip(length int64) error {
	for length > 0 {
		n, err := st.in.Discard(int(min(length, math.MaxInt32)))
		if err != nil {
			return err
		}
		length -= int64(n)
	}
	return nil
}

// enqueue gives values to the node, as soon as it has room.
func (st *valueStream) enqueue(ctx context.Context, vs ...batch.Value) error {
	for len(vs) > 0 {
		ticket, err := st.server.conf.Node.Enqueue(st.body.came, vs...)
		if errors.Is(err, node.ErrBusy) {
			ticket, err = st.enqueueLater(ctx, vs)
		}
		if errors.Is(err, node.ErrBusy) { // to the end
			return context.Cause(ctx)
		}
		p := promise{ticket: ticket}
		if err != nil {
			why := st.explain(err)
			if why.retry || why.status >= 500 {
				return why
			}
			p = promise{answer: refuse(why)}
		}
		st.promise(p)
		vs = vs[p.len():]
	}
	return nil
}

// enqueueLater tries until the node is not busy, or ctx ends.
func (st *valueStream) enqueueLater(ctx context.Context, vs []batch.Value) (ticket Ticket, err error) {
	_ = st.until(ctx, func() bool {
		ticket, err = st.server.conf.Node.Enqueue(st.body.came, vs...)
		return !errors.Is(err, node.ErrBusy)
	})
	return ticket, err
}

// promise never waits: there was room in flight for its values.
func (st *valueStream) promise(p promise) {
	st.flying.Add(int64(p.len()))
	st.flight <- p
}

// until tries again when a value has come out, or a moment has passed.
func (st *valueStream) until(ctx context.Context, try func() bool) error {
	for !try() {
		timer := time.NewTimer(busyPause)
		select {
		case <-st.settled:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		timer.Stop()
	}
	return nil
}

// settle waits for the values in order and makes their answers.
func (st *valueStream) settle(ctx context.Context) {
	var piece []byte
	ended := false
	for !ended {
		p, more := <-st.flight
		if !more {
			break
		}
		piece = piece[:0]
		for i := 0; i < p.len() && !ended; i++ {
			answer, err := p.await(ctx, i)
			if err != nil {
				answer = st.failed(ctx, err)
			}
			piece = answer.Append(piece)
			ended = answer.Kind == wire.Ended
		}
		st.give(ctx, piece)
		st.flying.Add(-int64(p.len()))
		notify(st.settled)
	}
	st.mu.Lock()
	st.ended = true
	st.mu.Unlock()
	notify(st.ready)
	for p := range st.flight { // what comes after the end is nobody's
		st.flying.Add(-int64(p.len()))
		notify(st.settled)
	}
}

// await gives the answer to one of the values.
func (p promise) await(ctx context.Context, i int) (wire.Answer, error) {
	if p.ticket == nil {
		return *p.answer, nil
	}
	receipt, err := p.ticket.Wait(ctx, i)
	if err != nil {
		return wire.Answer{}, err
	}
	took := uint32(min(receipt.Took.Microseconds(), math.MaxUint32))
	kind := wire.Placed
	if receipt.Ahead {
		kind = wire.Ahead
	}
	return wire.Answer{Kind: kind, Block: receipt.Block, Index: receipt.Index, Micros: took}, nil
}

// failed is the answer for an error of a ticket: of the value if it is the value's,
// else of the stream.
func (st *valueStream) failed(ctx context.Context, err error) wire.Answer {
	switch {
	case errors.Is(context.Cause(ctx), errStopping):
		return *end(stopping())
	case ctx.Err() != nil:
		return *end(problemf(http.StatusBadRequest, "%s", errGone)) // which nobody reads
	}
	why := st.explain(err)
	if why.retry || why.status >= 500 {
		return *end(why)
	}
	return *refuse(why)
}

// explain is never nil: what is not the client's to know is logged.
func (st *valueStream) explain(err error) *problem {
	if why := explain(err); why != nil {
		return why
	}
	st.server.log.Error("api stream failed", "err", err)
	return problemf(http.StatusInternalServerError, "internal error")
}

// give hands answers to the writer, and waits while that has enough.
func (st *valueStream) give(ctx context.Context, answers []byte) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for len(st.answers) >= streamAnswers && ctx.Err() == nil {
		st.room.Wait()
	}
	st.answers = append(st.answers, answers...)
	notify(st.ready)
}

// write sends answers as they come, all that there are at a time, until the last
// one. An error says that the client did not take them.
func (st *valueStream) write(ctx context.Context, send func([]byte) error) error {
	var piece []byte
	for {
		<-st.ready
		st.mu.Lock()
		piece, st.answers = st.answers, piece[:0]
		ended := st.ended
		st.room.Broadcast()
		st.mu.Unlock()
		if len(piece) > 0 && send(piece) != nil {
			return errGone
		}
		if ended {
			return broken(ctx)
		}
	}
}

// broken is why a stream must not look as if it had come to its end.
func broken(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, errGone) {
		return cause
	}
	return nil
}

func refuse(p *problem) *wire.Answer {
	return &wire.Answer{Kind: wire.Refused, Status: uint16(p.status), Reason: p.text}
}

func end(p *problem) *wire.Answer {
	return &wire.Answer{Kind: wire.Ended, Status: uint16(p.status), Reason: p.text}
}

// cut is why a value did not come to its end.
func (st *valueStream) cut(err error) error {
	switch {
	case st.body.err == io.EOF:
		return problemf(http.StatusBadRequest, "the stream is cut off in the middle of a value")
	case errors.Is(st.body.err, os.ErrDeadlineExceeded):
		return problemf(http.StatusRequestTimeout, "a value did not come within %s", readTimeout)
	}
	return errors.Join(errGone, err)
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
