package api

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"time"

	"abad/api/wire"
	"abad/batch"
	"abad/node"
)

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
