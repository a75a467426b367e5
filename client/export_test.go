package client

import (
	"io"
	"net/http"
)

// SetTransport puts rt in the place of all connections.
func (c *Client) SetTransport(rt http.RoundTripper) {
	c.submits.Transport, c.reads.Transport = rt, rt
}

// PipeBuffers are the sizes of the buffers that a pipeline's connection has; 0: the usual
// ones.
func (c *Client) PipeBuffers() (write, read int) {
	via, release := c.pipe()
	defer release()
	own := via.Transport.(bearer)
	return own.WriteBufferSize, own.ReadBufferSize
}

// Bounds that tests go up to and beyond.
const (
	MaxEvent      = maxEvent
	MaxReceipt    = maxReceipt
	MaxRetryAfter = maxRetryAfter
	Silence       = silence
	DefaultWait   = defaultWait
	Grace         = grace
)

// Event is a server-sent event.
type Event struct{ ID, Name, Data string }

// ReadEvents reads to the end and gives the error there, nil for io.EOF.
func ReadEvents(r io.Reader, most int) (list []Event, err error) {
	in := newEvents(r, most)
	for ev := (event{}); ; {
		if err := in.next(&ev); err == io.EOF {
			return list, nil
		} else if err != nil {
			return list, err
		}
		list = append(list, Event{ev.id, ev.name, string(ev.data)})
	}
}

var (
	ErrEventSize = errEventSize
)
