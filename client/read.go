package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// bounds are what an answer may have. Bytes do not bound memory alone: three of
// them, as in "{},", can become an element of a hundred; but each element takes a
// comma.
type bounds struct{ bytes, commas int }

var (
	// A status has up to 255 peers and 64 epochs of a few hundred bytes.
	statusBounds = bounds{1 << 20, 1 << 14}
	// A block has up to 256 headers of 1024 batches, about 110 bytes and three
	// commas each.
	blockBounds = bounds{64 << 20, 1 << 20}
	// A page has 4 MiB, or one value of 8 MiB in base64, and 10,000 entries with
	// four commas each, or twice as many when later versions say more.
	pageBounds = bounds{16 << 20, 8 * 10_000}
)

// readTimeout is what a reading request may take as a whole.
const readTimeout = time.Minute

// do sends a request and reads the whole answer. Its errors are ctx's, [*Error],
// [ErrUnreachable] or [ErrProtocol].
func (c *Client) do(ctx context.Context, via *http.Client, req *http.Request, most bounds) (*http.Response, []byte, error) {
	resp, err := via.Do(req)
	if err != nil {
		return nil, nil, c.failed(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		most.bytes = maxErrorBody
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(most.bytes)+1))
	switch {
	case resp.StatusCode/100 != 2: // whatever has come of the reason is better than none
		return nil, nil, refusal(resp, body)
	case err != nil:
		return nil, nil, c.failed(ctx, err)
	case len(body) > most.bytes:
		return nil, nil, c.protocol("the answer has more than %d bytes", most.bytes)
	case bytes.Count(body, []byte{','}) > most.commas:
		return nil, nil, c.protocol("the answer has too many elements")
	}
	return resp, body, nil
}

// failed tells the caller's own end from trouble with the connection.
func (c *Client) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("it took too long")
	}
	return c.unreachable(err)
}

// read reads a document that all nodes have, from the first that answers.
func (c *Client) read(ctx context.Context, path string, most bounds, document any) error {
	var t tour
	for {
		url := c.nodes.now()
		err := c.getFrom(ctx, url, path, most, document)
		if err == nil || ctx.Err() != nil || !c.nodes.leave(url, err) || t.next(&c.nodes) {
			return err
		}
	}
}

// get reads a document of the client's own node.
func (c *Client) get(ctx context.Context, path string, most bounds, document any) error {
	return c.getFrom(ctx, c.nodes.own(), path, most, document)
}

// getFrom reads a document once, without repeating itself.
func (c *Client) getFrom(ctx context.Context, url, path string, most bounds, document any) error {
	attempt, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(attempt, http.MethodGet, url+path, nil)
	if err != nil {
		return err
	}
	_, body, err := c.do(ctx, c.reads, req, most)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, document); err != nil {
		return c.protocol("%s: %w", path, err)
	}
	return nil
}

// Status asks the node how it is; of several, the first that answers.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.read(ctx, "/v1/status", statusBounds, &s)
	return s, err
}

// Block reads a block without its payloads. A height beyond the log gets an
// [*Error] with status 404.
func (c *Client) Block(ctx context.Context, height uint64) (Block, error) {
	var b Block
	err := c.read(ctx, fmt.Sprint("/v1/blocks/", height), blockBounds, &b)
	if err == nil && b.Height != height {
		err = c.protocol("block %d instead of block %d", b.Height, height)
	}
	return b, err
}
