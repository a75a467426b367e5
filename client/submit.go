package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"abad/api/wire"
	"abad/batch"
)

const (
	// A request asks the server to hold it until the value is in a block, and is
	// sent again after that: this long if ctx has no deadline, and never longer than
	// the server allows.
	defaultWait = 30 * time.Second
	maxWait     = 5 * time.Minute
	// turnWait is the same where other nodes could do it: longer than a block takes
	// under load, and short enough to leave a node that hangs.
	turnWait = 5 * time.Second
	// grace is what an answer may take beyond the wait that it was asked for.
	grace = 10 * time.Second
	// quickPending is the least time between two requests that were answered with
	// "pending", whatever the server does.
	quickPending = time.Second
	maxReceipt   = 4 << 10
)

// errPending is an answer that the value is not in a block yet.
var errPending = errors.New("not in a block yet")

// NewID draws a name for a value.
func NewID() batch.ValueID {
	var id batch.ValueID
	rand.Read(id[:]) // never fails
	return id
}

// Submit puts a value into the log and waits until it is there. It repeats itself
// until ctx ends; see the package comment for what its errors mean. payload must
// not change before it returns.
func (c *Client) Submit(ctx context.Context, payload []byte) (Receipt, error) {
	return c.SubmitID(ctx, NewID(), payload)
}

// SubmitID is Submit under a name of the caller's, 16 bytes that were drawn at
// random once for this value. The name of another value gets an [*Error] with
// status 409.
func (c *Client) SubmitID(ctx context.Context, id batch.ValueID, payload []byte) (Receipt, error) {
	r := retry{attempts: c.attempts * len(c.nodes.urls)}
	var t tour
	sent := false // some request may have reached the node
	for {
		began := time.Now()
		url := c.nodes.now()
		receipt, err := c.submit(ctx, url, id, payload)
		if err == nil {
			return receipt, nil
		}
		sent = sent || !neverSent(err)
		var pause time.Duration
		again := true
		if errors.Is(err, errPending) {
			r.good()
			pause = max(0, quickPending-time.Since(began))
		} else {
			pause, again = r.again(err)
		}
		if again && c.nodes.leave(url, err) && !t.next(&c.nodes) {
			pause = 0
		}
		if again {
			ended := sleep(ctx, pause)
			if ended == nil {
				continue
			}
			err = fmt.Errorf("%w, and last: %w", ended, err)
		}
		if sent && !refusedForGood(err) {
			err = &Unsettled{ID: id, Err: err}
		}
		return Receipt{}, err
	}
}

// refusedForGood reports whether an error says that the value will not come: the
// server found something wrong with the request itself.
func refusedForGood(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Status < 500 && !refused.Passing()
}

// submit sends one request.
func (c *Client) submit(ctx context.Context, url string, id batch.ValueID, payload []byte) (Receipt, error) {
	wait := defaultWait
	if len(c.nodes.urls) > 1 {
		wait = turnWait
	} else if deadline, ok := ctx.Deadline(); ok {
		wait = min(max(time.Until(deadline), time.Millisecond), maxWait)
	}
	attempt, cancel := context.WithTimeout(ctx, wait+grace)
	defer cancel()
	url += "/v1/values?timeout=" + wait.Round(time.Millisecond).String()
	req, err := http.NewRequestWithContext(attempt, http.MethodPost, url, bytes.NewReader(payload))
	if err != nil {
		return Receipt{}, err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set(wire.IDHeader, id.String())
	resp, body, err := c.do(ctx, c.submits, req, bounds{maxReceipt, maxReceipt})
	switch {
	case err != nil:
		return Receipt{}, err
	case resp.StatusCode == http.StatusAccepted:
		return Receipt{}, errPending
	}
	var receipt Receipt
	if err := json.Unmarshal(body, &receipt); err != nil || receipt.ID != id || receipt.Block == 0 {
		return Receipt{}, c.protocol("the receipt for value %s is %.200q", id, body)
	}
	return receipt, nil
}
