package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"abad/api/wire"
	"abad/node"
)

// problem is an error that a client gets to see.
type problem struct {
	status int
	text   string
	hint   string
	retry  bool // come again in a second
}

func (p *problem) Error() string { return p.text }

func problemf(status int, format string, args ...any) *problem {
	return &problem{status: status, text: fmt.Sprintf(format, args...)}
}

func (p *problem) withHint(format string, args ...any) *problem {
	p.hint = fmt.Sprintf(format, args...)
	return p
}

// busy tells a client to slow down. A second is longer than a block takes under
// load, and short enough for a person to wait.
func busy(what string) *problem {
	p := problemf(http.StatusTooManyRequests, "%s", what).
		withHint("send again after the seconds in Retry-After, a value with the same %s", wire.IDHeader)
	p.retry = true
	return p
}

func stopping() *problem {
	p := problemf(http.StatusServiceUnavailable, "the node is stopping").
		withHint("a value that was sent may be decided all the same: send it again with the same %s, here later or to another node now", wire.IDHeader)
	p.retry = true
	return p
}

// explain finds the answer for an error of the node, nil where it is not the
// client's to know.
func explain(err error) *problem {
	var known *problem
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, node.ErrEmpty):
		return problemf(http.StatusUnprocessableEntity, "the value is empty").withHint("a value has at least one byte")
	case errors.Is(err, node.ErrTooLarge):
		return problemf(http.StatusRequestEntityTooLarge, "the value is too large")
	case errors.Is(err, node.ErrBusy):
		return busy("too many values are waiting on this node")
	case errors.Is(err, node.ErrTaken):
		return problemf(http.StatusConflict, "the id belongs to another value").
			withHint("take a new id for a new value; leave %s away to get one", wire.IDHeader)
	case errors.Is(err, node.ErrStopped):
		return stopping()
	case errors.Is(err, node.ErrPruned):
		return problemf(http.StatusGone, "the values of this block were pruned on this node").
			withHint("ask a node that keeps more blocks")
	case errors.Is(err, node.ErrNotFound):
		return problemf(http.StatusNotFound, "no such block")
	}
	return nil
}

// fail answers a request with its error. A client that has gone gets nothing.
func (s *Server) fail(w *reply, r *http.Request, err error) {
	p := explain(err)
	switch {
	case p != nil:
	case errors.Is(context.Cause(r.Context()), errStopping):
		p = stopping()
	case r.Context().Err() != nil:
		return
	default:
		s.log.Error("api request failed", "request", w.id, "method", r.Method, "path", short(r.URL.Path), "err", err)
		p = problemf(http.StatusInternalServerError, "internal error").withHint("the reason is in the node's log")
	}
	if w.status != 0 {
		panic(http.ErrAbortHandler) // too late to say it; cut the answer instead
	}
	if p.status != http.StatusRequestTimeout { // which has waited long enough
		bodyWithin(w, r, refuseTimeout)
	}
	if p.retry {
		w.Header().Set("Retry-After", "1")
	}
	answer(w, p.status, wire.Error{Error: p.text, Hint: p.hint, RequestID: w.id})
}

// answer writes a whole JSON document.
func answer(w http.ResponseWriter, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		panic(fmt.Sprintf("api: internal error: %v", err))
	}
	body = append(body, '\n')
	head(w, "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A write error means that the client has gone; net/http closes the connection.
	_, _ = w.Write(body)
}

// head sets what all answers have, and the time they have to leave.
func head(w http.ResponseWriter, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")         // everything here changes, also a block: its certificate follows
	h.Set("X-Content-Type-Options", "nosniff") // payloads are somebody's bytes
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	extend(w)
}

// extend gives the connection time for the next piece. Only the recorders of tests
// have no deadlines, and only a closed connection fails to set one.
func extend(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
}
