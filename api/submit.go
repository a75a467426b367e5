package api

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	"net/http"
	"net/url"
	"time"

	"abad/api/wire"
	"abad/batch"
)

// A submission waits for its block so long unless it says otherwise, and no
// longer than maxWait, which proxies and firewalls between would not survive.
const (
	defaultWait = 30 * time.Second
	maxWait     = 5 * time.Minute
)

// patience is how long a submission waits for its block; 0: not at all.
func patience(q url.Values) (time.Duration, error) {
	switch q.Get("wait") {
	case "", "true":
	case "false":
		if q.Has("timeout") {
			return 0, problemf(http.StatusBadRequest, "wait=false and timeout=%s contradict each other", short(q.Get("timeout")))
		}
		return 0, nil
	default:
		return 0, problemf(http.StatusBadRequest, "wait=%s: is neither true nor false", short(q.Get("wait")))
	}
	if !q.Has("timeout") {
		return defaultWait, nil
	}
	d, err := time.ParseDuration(q.Get("timeout"))
	if err != nil || d <= 0 || d > maxWait {
		return 0, problemf(http.StatusBadRequest, "timeout=%s: is not a duration over 0 and up to %s", short(q.Get("timeout")), maxWait).
			withHint("write it like 30s, 500ms or 2m")
	}
	return d, nil
}

func (s *Server) postValue(w *reply, r *http.Request) error {
	q, err := query(r, "wait", "timeout")
	if err != nil {
		return err
	}
	wait, err := patience(q)
	if err != nil {
		return err
	}
	if !s.waiting.take(1) {
		return busy("too many submissions are waiting on this node")
	}
	defer s.waiting.give(1)
	ticket, id, err := s.enqueue(w, r)
	if err != nil {
		return err
	}
	if wait == 0 {
		return pending(w, r, ticket, id)
	}
	return await(w, r, ticket, id, wait)
}

// enqueue reads the value and hands it to the node. The body is garbage after
// that; a submission that waits holds no payload.
func (s *Server) enqueue(w *reply, r *http.Request) (Ticket, batch.ValueID, error) {
	name, err := headerID(r)
	if err != nil {
		return nil, batch.ValueID{}, err
	}
	body, err := s.readValue(w, r)
	defer s.bodies.give(body.cost)
	if err != nil {
		return nil, batch.ValueID{}, err
	}
	switch {
	case name == nil && body.id == nil:
		name = new(batch.ValueID)
		rand.Read(name[:])
	case name == nil:
		name = body.id
	case body.id != nil && *name != *body.id:
		return nil, batch.ValueID{}, problemf(http.StatusBadRequest, "the header %s and the body's %q differ", wire.IDHeader, "id")
	}
	w.Header().Set(wire.IDHeader, name.String())
	ticket, err := s.conf.Node.Enqueue(time.Now(), batch.Value{ID: *name, Payload: body.payload})
	return ticket, *name, err
}

func headerID(r *http.Request) (*batch.ValueID, error) {
	given := r.Header.Values(wire.IDHeader)
	if len(given) == 0 {
		return nil, nil
	}
	if len(given) > 1 {
		return nil, problemf(http.StatusBadRequest, "the header %s is there %d times", wire.IDHeader, len(given))
	}
	return parseID("the header "+wire.IDHeader, given[0])
}

func parseID(where, text string) (*batch.ValueID, error) {
	id := new(batch.ValueID)
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return nil, problemf(http.StatusBadRequest, "%s: %q is not 32 hexadecimal digits", where, short(text)).
			withHint("draw 16 random bytes, or leave it away to get an id")
	}
	return id, nil
}

// pending answers that the node holds a value on its disk, once that is so.
func pending(w *reply, r *http.Request, ticket Ticket, id batch.ValueID) error {
	ctx, cancel := context.WithTimeoutCause(r.Context(), statusTimeout, errNotKept)
	defer cancel()
	if err := ticket.Stored(ctx); err != nil {
		return err
	}
	answer(w, http.StatusAccepted, wire.Pending{ID: id, Pending: true})
	return nil
}

var errNotKept = problemf(http.StatusServiceUnavailable, "the value is not on this node's disk after %s", statusTimeout).
	withHint("submit it again under the same id, here or at another node")

// await answers when the value is in a block, or with 202 when time is up.
func await(w *reply, r *http.Request, ticket Ticket, id batch.ValueID, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	receipt, err := ticket.Wait(ctx, 0)
	if err != nil {
		if r.Context().Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return pending(w, r, ticket, id)
		}
		return err
	}
	ms := float64(receipt.Took.Microseconds()) / 1000
	answer(w, http.StatusOK, wire.Receipt{Block: receipt.Block, Index: receipt.Index, ID: id, MS: math.Round(ms*1000) / 1000, Ahead: receipt.Ahead})
	return nil
}
