package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"time"
)

const (
	// maxEvent is room for the largest value that a node can be configured to
	// take, 8 MiB, in base64.
	maxEvent = 12 << 20
	// silence is three of the server's heartbeats: a stream that says nothing for
	// so long is dead, even if the connection does not know.
	silence = 45 * time.Second
)

// Stream reads all values from a position on, and those to come, until ctx ends or
// the server refuses; then comes the error, with an entry that is empty. A broken
// connection is made anew where it broke: nothing is missing and nothing comes twice.
func (c *Client) Stream(ctx context.Context, from Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		at, r := cursor{from}, retry{attempts: c.attempts * len(c.nodes.urls)}
		for {
			before := at
			answered, err := c.follow(ctx, &at, yield)
			if errors.Is(err, errEnough) {
				return
			}
			if at != before {
				r.good()
			}
			if answered {
				r.failed = -1 // the node was there: this end is not one of the attempts
			}
			pause, again := r.again(err)
			if again {
				ended := sleep(ctx, pause)
				if ended == nil {
					continue
				}
				err = ended
			}
			yield(Entry{}, err)
			return
		}
	}
}

// errEnough: the caller has left the loop.
var errEnough = errors.New("enough")

// follow reads one connection's events to its end, which is always an error. It
// reports whether the server began to answer.
func (c *Client) follow(ctx context.Context, at *cursor, yield func(Entry, error) bool) (answered bool, err error) {
	conn, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(silence, func() { cancel(errSilence) })
	defer watch.Stop()
	url := c.nodes.now()
	defer func() { c.nodes.leave(url, err) }()
	resp, err := c.openStream(ctx, conn, url, at.next)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	in := newEvents(watched{resp.Body, watch}, maxEvent)
	err = c.readEvents(in, at, func(e Entry) bool {
		watch.Stop() // while the caller is busy, silence is his
		defer watch.Reset(silence)
		return yield(e, nil)
	})
	if errors.Is(err, ErrProtocol) || errors.Is(err, errEnough) {
		return true, err
	}
	if ctx.Err() == nil && context.Cause(conn) != nil {
		err = context.Cause(conn) // errSilence
	}
	return true, c.failed(ctx, err)
}

// readEvents shows take all values of a stream, to its end or until take has enough.
func (c *Client) readEvents(in *events, at *cursor, take func(Entry) bool) error {
	for ev := (event{}); ; {
		err := in.next(&ev)
		switch {
		case errors.Is(err, errEventSize):
			return c.protocol("the stream at %s: %w", at.next, err)
		case err != nil:
			return err
		case ev.name != "value":
			continue // of a later version
		}
		var e Entry
		if err := json.Unmarshal(ev.data, &e); err != nil {
			return c.protocol("the stream at %s: %w", at.next, err)
		}
		if err := at.step(e.Position()); err != nil {
			return c.protocol("the stream: %w", err)
		}
		if !take(e) {
			return errEnough
		}
	}
}

func (c *Client) openStream(ctx, conn context.Context, url string, from Position) (*http.Response, error) {
	req, err := http.NewRequestWithContext(conn, http.MethodGet, fmt.Sprint(url, "/v1/log/stream?from=", from), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := c.reads.Do(req)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return nil, refusal(resp, body)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != "text/event-stream" {
		resp.Body.Close()
		return nil, c.protocol("the stream has the type %q", short(kind))
	}
	return resp, nil
}

var errSilence = fmt.Errorf("nothing came for %s", silence)

// watched puts the watch back whenever something comes.
type watched struct {
	io.Reader
	watch *time.Timer
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.watch.Reset(silence)
	}
	return n, err
}
