package api

import (
	"context"
	"errors"
	"math"
	"net/http"

	"abad/api/wire"
)

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
