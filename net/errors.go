package net

import (
	"context"
	"errors"
	"fmt"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

// Errors of [Transport.Request].
var (
	// ErrDown: there is no link to the peer now.
	ErrDown = errors.New("peer is down")
	// ErrTooLarge: the request or its answer is over its limit.
	ErrTooLarge = errors.New("too large")
	// ErrSlow: the answer did not begin, or did not get on.
	ErrSlow = errors.New("no answer in time")
)

// AnswerError is a peer's answer that there is no answer. Text is the peer's own
// and says nothing reliable.
type AnswerError struct {
	Peer bft.ID
	Text string
}

func (e *AnswerError) Error() string { return fmt.Sprintf("node %d answered: %q", e.Peer, e.Text) }

// Application error codes of closed connections (RFC 9000, section 20.2). The
// reason goes along as text.
const (
	codeShutdown  quic.ApplicationErrorCode = 1 // the node stops
	codeReplaced  quic.ApplicationErrorCode = 2 // the peer has made a newer connection
	codeRefused   quic.ApplicationErrorCode = 3 // HELLO does not match
	codeViolation quic.ApplicationErrorCode = 4 // the peer broke the wire format
	codeFailed    quic.ApplicationErrorCode = 5 // anything else
	codeKnock     quic.ApplicationErrorCode = 6 // not a link: the other side is to dial
	codeRestarted quic.ApplicationErrorCode = 7 // the peer has knocked, and so has no use for this one
)

// Stream error codes.
const (
	streamUnwanted quic.StreamErrorCode = 1 // the receiver does not want (the rest of) it
	streamGone     quic.StreamErrorCode = 2 // the sender gives up
)

var (
	errShutdown  = errors.New("node is stopping")
	errReplaced  = errors.New("replaced by a newer connection of the same peer")
	errKnock     = errors.New("a knock")
	errRestarted = errors.New("the peer has restarted")
	errEnded     = errors.New("control stream ended")
)

// violation is what only a faulty peer sends.
type violation struct{ err error }

func (v *violation) Error() string { return v.err.Error() }
func (v *violation) Unwrap() error { return v.err }

func violationf(format string, args ...any) error {
	return &violation{fmt.Errorf(format, args...)}
}

// closing gives the code and the reason with which err closes a connection.
func closing(err error) (quic.ApplicationErrorCode, string) {
	var bad *violation
	var no *refusal
	switch {
	case errors.Is(err, errShutdown):
		return codeShutdown, err.Error()
	case errors.Is(err, errReplaced):
		return codeReplaced, err.Error()
	case errors.Is(err, errKnock):
		return codeKnock, err.Error()
	case errors.Is(err, errRestarted):
		return codeRestarted, err.Error()
	case errors.As(err, &no):
		return codeRefused, short(no.Error())
	case errors.As(err, &bad):
		return codeViolation, short(bad.Error())
	}
	return codeFailed, short(err.Error())
}

// maxText bounds the texts that nodes send each other: one line of a log.
const maxText = 200

func short(text string) string {
	if len(text) > maxText {
		return text[:maxText]
	}
	return text
}

// farewell is a peer's reason to close a connection, in its own words.
type farewell struct{ *quic.ApplicationError }

func (f farewell) Error() string {
	return fmt.Sprintf("peer closed the connection: %q (code %d)", short(f.ErrorMessage), f.ErrorCode)
}

func (f farewell) Unwrap() error { return f.ApplicationError }

// ending makes a peer's reason readable and quotes it.
func ending(err error) error {
	var app *quic.ApplicationError
	if errors.As(err, &app) && app.Remote {
		return farewell{app}
	}
	return err
}

// remoteCode reports whether the peer closed the connection with code.
func remoteCode(err error, code quic.ApplicationErrorCode) bool {
	var app *quic.ApplicationError
	return errors.As(err, &app) && app.Remote && app.ErrorCode == code
}

// benign reports whether a connection ended because somebody meant it to.
func benign(err error) bool {
	var app *quic.ApplicationError
	if errors.As(err, &app) {
		return app.ErrorCode == codeShutdown || (app.ErrorCode == codeReplaced || app.ErrorCode == codeRestarted) && !app.Remote
	}
	return errors.Is(err, errShutdown) || errors.Is(err, errRestarted) || errors.Is(err, errReplaced) || errors.Is(err, context.Canceled)
}

// kindOf names the kind of an error without the parts that a peer chooses, so
// that a peer cannot fill a log by varying them.
func kindOf(err error) string {
	var app *quic.ApplicationError
	var tr *quic.TransportError
	var bad *violation
	switch {
	case errors.As(err, &app):
		return fmt.Sprintf("application %d %t", app.ErrorCode, app.Remote)
	case errors.As(err, &tr):
		return fmt.Sprintf("transport %d %t", tr.ErrorCode, tr.Remote)
	case errors.As(err, &bad):
		return "violation"
	}
	return err.Error()
}

// gaveUp reports whether the other side left before the end of the handshake, when
// QUIC hides its reason (RFC 9000, section 10.2.3).
func gaveUp(err error) bool {
	var tr *quic.TransportError
	return errors.As(err, &tr) && tr.Remote && tr.ErrorCode == quic.ApplicationErrorErrorCode
}
