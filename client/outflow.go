package client

import (
	"errors"
	"io"
	"sync"

	"abad/api/wire"
	"abad/batch"
)

// outflow is the body of a pipeline's request. Values come in one by one and leave
// in pieces: while one is being written, those that follow come together in the
// next.
type outflow struct {
	mu       sync.Mutex
	change   sync.Cond
	buf      []byte // from read on: not given to the connection
	read     int
	flight   []batch.ValueID // from front on: without an answer
	front    int
	finished bool  // no more values
	err      error // why not
}

func newOutflow() *outflow {
	o := &outflow{}
	o.change.L = &o.mu
	return o
}

// send adds a value, as soon as there is room.
func (o *outflow) send(id batch.ValueID, payload []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && len(o.buf)-o.read >= pipelineBuffer {
		o.change.Wait()
	}
	if o.err == nil && o.finished {
		return ErrClosed
	}
	if o.err != nil {
		return o.err
	}
	if len(o.buf) == o.read {
		o.change.Broadcast() // the reader waits only while there is nothing
	}
	o.buf = wire.AppendValue(o.buf, id, payload)
	o.flight = append(o.flight, id)
	return nil
}

// Read gives package http what there is, and waits while there is nothing.
func (o *outflow) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && !o.finished && len(o.buf) == o.read {
		o.change.Wait()
	}
	if o.err != nil {
		return 0, o.err
	}
	if len(o.buf) == o.read {
		return 0, io.EOF
	}
	n := copy(p, o.buf[o.read:])
	if o.read += n; o.read == len(o.buf) {
		o.buf, o.read = o.buf[:0], 0
	} else if o.read > pipelineBuffer {
		o.buf, o.read = append(o.buf[:0], o.buf[o.read:]...), 0
	}
	o.change.Broadcast()
	return n, nil
}

// errLetGo: the connection takes no more. Next knows why.
var errLetGo = errors.New("the connection takes no more values")

// Close is package http's: the request is over.
func (o *outflow) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.finished && o.err == nil {
		o.err = errLetGo
	}
	o.change.Broadcast()
	return nil
}

func (o *outflow) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	o.change.Broadcast()
}

// fail ends the flow; the first reason that is known counts.
func (o *outflow) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || o.err == errLetGo {
		o.err = err
	}
	o.change.Broadcast()
}

// answered takes the oldest value out of flight.
func (o *outflow) answered() (batch.ValueID, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.front == len(o.flight) {
		return batch.ValueID{}, false
	}
	id := o.flight[o.front]
	if o.front++; o.front == len(o.flight) {
		o.flight, o.front = o.flight[:0], 0
	} else if o.front >= 4096 && 2*o.front > len(o.flight) {
		o.flight, o.front = append(o.flight[:0], o.flight[o.front:]...), 0
	}
	return id, true
}

// settled reports whether all values are sent and answered.
func (o *outflow) settled() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.finished && o.front == len(o.flight)
}

func (o *outflow) closed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err == ErrClosed
}

func (o *outflow) pending() []batch.ValueID {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]batch.ValueID(nil), o.flight[o.front:]...)
}
