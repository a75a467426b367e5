package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"abad/api/wire"
	"abad/batch"
)

var (
	// ErrUnreachable: no connection, or it broke, or no answer came.
	ErrUnreachable = errors.New("no answer")
	// ErrProtocol: something answers that does not keep to the API.
	ErrProtocol = errors.New("not an answer of this API")
)

// Error is the server's refusal.
type Error struct {
	Status     int    // of HTTP
	Message    string // what is wrong
	Hint       string // what to do about it; may be empty
	RetryAfter time.Duration
}

func (e *Error) Error() string { return fmt.Sprintf("%q (status %d)", e.Message, e.Status) }

// Passing reports whether the same request may succeed later.
func (e *Error) Passing() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// Unsettled is why it is not known whether a value is in the log or will be.
// Submit it again under its ID to find out; Err says what happened last.
type Unsettled struct {
	ID  batch.ValueID
	Err error
}

func (u *Unsettled) Error() string {
	return fmt.Sprintf("value %s may or may not be decided: %v", u.ID, u.Err)
}

func (u *Unsettled) Unwrap() error { return u.Err }

// Hint says what a person could do about an error of this package; "" if nothing
// comes to mind.
func Hint(err error) string {
	var refused *Error
	switch {
	case errors.As(err, &refused):
		return refused.Hint
	case errors.Is(err, ErrUnreachable):
		return "is the daemon running?"
	case errors.Is(err, ErrProtocol):
		return "is another service at this address?"
	}
	return ""
}

// Bounds of what a refusal may say and ask.
const (
	maxErrorBody  = 64 << 10
	maxText       = 1000 // bytes of message and hint; ours have 300
	maxRetryAfter = 30 * time.Second
)

// refusal reads an answer that is not a success.
func refusal(resp *http.Response, body []byte) *Error {
	var e wire.Error
	out := &Error{Status: resp.StatusCode}
	if json.Unmarshal(body, &e) == nil && e.Error != "" {
		out.Message, out.Hint = short(e.Error), short(e.Hint)
	} else if bytes.Contains(body, []byte("HTTP request to an HTTPS server")) { // net/http's words
		out.Message, out.Hint = "the node speaks https here", "write https:// before its address"
	} else {
		out.Message, out.Hint = http.StatusText(resp.StatusCode), "is another service at this address?"
	}
	if seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 32); err == nil {
		out.RetryAfter = min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	return out
}

func short(text string) string {
	if len(text) > maxText {
		return text[:maxText] + "..."
	}
	return text
}

// unreachable marks an error of the connection. The URL of package http's error has
// the query in it, which helps nobody.
func (c *Client) unreachable(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s: %w: %w", c.nodes.now(), ErrUnreachable, err)
}

func (c *Client) protocol(format string, args ...any) error {
	return fmt.Errorf("%s: %w: %w", c.nodes.now(), ErrProtocol, fmt.Errorf(format, args...))
}

// neverSent reports whether no byte of a request can have reached the server.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
