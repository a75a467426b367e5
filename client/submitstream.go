package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"abad/api/wire"
	"abad/batch"
)

const (
	// pipelineBuffer is how many bytes of values wait for the connection before
	// Send does.
	pipelineBuffer = 256 << 10
	// pipelineWrite is the piece that goes to the connection in one call; package
	// net/http copies bodies in pieces of 32 KiB.
	pipelineWrite = 64 << 10
)

// openTimeout is what the head of an answer may take, which a node sends at once.
const openTimeout = 10 * time.Second

// ErrClosed is why a pipeline takes no more values: it was closed here.
var ErrClosed = errors.New("the pipeline is closed")

// Pipeline is one connection on which values go to the node without waiting for
// each other. Send and CloseSend are for one goroutine, Next for another.
//
// Nothing is repeated here. When a pipeline breaks, [Pipeline.Unsettled] has the
// values whose fate is not known; sent again under their ids, on another pipeline
// or with [Client.SubmitID], they are in the log once.
type Pipeline struct {
	client  *Client
	out     *outflow
	resp    *http.Response
	answers *arriving
	in      *bufio.Reader // of answers
	cancel  context.CancelFunc
	release func()
}

// Answer is what became of one value.
type Answer struct {
	ID      batch.ValueID
	Receipt Receipt   // if Err is nil
	Err     error     // an [*Error]: the value was refused and will not come
	Came    time.Time // when the answer was received
}

// arriving notes when the last bytes came: once for many answers.
type arriving struct {
	r    io.Reader
	came time.Time
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	a.came = time.Now()
	return n, err
}

// Pipeline opens a pipeline, which ends with ctx at the latest. It does not repeat
// itself; the errors are those of a reading method.
func (c *Client) Pipeline(ctx context.Context) (*Pipeline, error) {
	url := c.nodes.now()
	p, err := c.pipeline(ctx, url)
	if err != nil {
		c.nodes.leave(url, err) // for the next one
	}
	return p, err
}

func (c *Client) pipeline(ctx context.Context, url string) (*Pipeline, error) {
	conn, cancel := context.WithCancel(ctx)
	p := &Pipeline{client: c, out: newOutflow(), cancel: cancel}
	// Package http does not give up a request while it waits for more of its body.
	context.AfterFunc(conn, func() { p.out.fail(context.Cause(conn)) })
	req, err := http.NewRequestWithContext(conn, http.MethodPost, url+"/v1/values/stream", p.out)
	if err != nil {
		cancel()
		return nil, err
	}
	req.Header.Set("Content-Type", wire.StreamType)
	via, release := c.pipe()
	// A server that does not know streams waits for the end of the body before it
	// says so.
	watch := time.AfterFunc(openTimeout, cancel)
	p.resp, err = via.Do(req)
	if !watch.Stop() && ctx.Err() == nil {
		err = fmt.Errorf("no answer to a stream within %s", openTimeout)
	}
	if err != nil {
		cancel()
		release()
		return nil, c.failed(ctx, err)
	}
	p.release = release
	p.answers = &arriving{r: p.resp.Body}
	p.in = bufio.NewReaderSize(p.answers, pipelineWrite)
	if err := c.opened(p.resp); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// opened checks that the answer is a stream.
func (c *Client) opened(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return refusal(resp, body)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != wire.StreamType {
		return c.protocol("the stream of answers has the type %q", short(kind))
	}
	return nil
}

// pipe gives a connection of its own with larger buffers than others have.
func (c *Client) pipe() (via *http.Client, release func()) {
	shared := c.reads.Transport.(bearer)
	own := bearer{shared.Clone(), shared.token}
	own.WriteBufferSize, own.ReadBufferSize = pipelineWrite, pipelineWrite
	return &http.Client{Transport: own, CheckRedirect: c.reads.CheckRedirect}, own.CloseIdleConnections
}

// Send puts a value on its way. It copies the payload, and waits while the node
// does not keep up. An error says that the pipeline is broken; Next says why.
func (p *Pipeline) Send(id batch.ValueID, payload []byte) error {
	return p.out.send(id, payload)
}

// CloseSend says that no more values come. Next gives the answers that are missing,
// and then io.EOF.
func (p *Pipeline) CloseSend() { p.out.finish() }

// Next waits for the next answer; they come in the order of the values. The error
// is io.EOF after the last one, or else why the pipeline is broken: the context's,
// an [*Error] of the node's, [ErrUnreachable], [ErrProtocol] or [ErrClosed].
func (p *Pipeline) Next() (Answer, error) {
	a, err := wire.ReadAnswer(p.in)
	switch {
	case err == io.EOF && p.out.settled():
		return Answer{}, io.EOF
	case err == io.EOF:
		return Answer{}, p.broken(p.client.protocol("the stream ended before its last answer"))
	case err != nil && p.out.closed():
		return Answer{}, ErrClosed
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Answer{}, p.broken(p.client.unreachable(err))
	case err != nil:
		return Answer{}, p.broken(p.client.failed(p.resp.Request.Context(), err))
	case a.Kind == wire.Ended:
		return Answer{}, p.broken(&Error{Status: int(a.Status), Message: short(a.Reason)})
	}
	id, ok := p.out.answered()
	if !ok {
		return Answer{}, p.broken(p.client.protocol("an answer to no value"))
	}
	if a.Kind == wire.Refused {
		return Answer{ID: id, Err: &Error{Status: int(a.Status), Message: short(a.Reason)}, Came: p.answers.came}, nil
	}
	receipt := Receipt{Block: a.Block, Index: a.Index, ID: id, MS: float64(a.Micros) / 1000, Ahead: a.Kind == wire.Ahead}
	return Answer{ID: id, Receipt: receipt, Came: p.answers.came}, nil
}

func (p *Pipeline) broken(err error) error {
	p.out.fail(fmt.Errorf("the pipeline is broken: %w", err))
	return err
}

// Unsettled are the values that were given to Send and have no answer, in order.
func (p *Pipeline) Unsettled() []batch.ValueID { return p.out.pending() }

// Close gives the pipeline up, whatever is under way.
func (p *Pipeline) Close() {
	p.out.fail(ErrClosed)
	p.cancel()
	p.resp.Body.Close()
	p.release()
}
