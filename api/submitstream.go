package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"abad/api/wire"
	"abad/batch"
)

const (
	// streamPlaces is how many places of waiting submissions a stream of them
	// takes: about as much memory, 1 MiB, of which its values in flight are most.
	streamPlaces = 32
	// streamFlight bounds the values of one stream that wait for their blocks or
	// whose answers wait for the client. Four streams then keep half a second of
	// 30,000 values a second on their way.
	streamFlight = 4096
	// streamBuffer takes most values whole, so that they are copied once, into
	// their batch.
	streamBuffer = 64 << 10
	// streamPiece bounds the values that are given to the node together.
	streamPiece = 256
	// streamAnswers is how many bytes of answers wait for a slow reader before the
	// rest waits as tickets.
	streamAnswers = 64 << 10
	// busyPause is how long a stream that found the node full waits at most before
	// it asks again; its own values make it ask as they come out.
	busyPause = 20 * time.Millisecond
)

// postStream takes values from one long request and answers each when it is in a
// block. A client that sends more than the node can take is not read from.
func (s *Server) postStream(w *reply, r *http.Request) error {
	control := http.NewResponseController(w)
	// First of all: a refusal must not wait for a body that waits for an answer.
	if err := control.EnableFullDuplex(); err != nil || !r.ProtoAtLeast(1, 1) {
		return problemf(http.StatusBadRequest, "a stream of values needs HTTP/1.1 or later")
	}
	if _, err := query(r); err != nil {
		return err
	}
	if isJSON, err := contentType(r.Header); err != nil || isJSON {
		if err == nil {
			err = problemf(http.StatusUnsupportedMediaType, "a stream of values is not JSON").
				withHint("use %s, or post values one by one to /v1/values", wire.StreamType)
		}
		return err
	}
	if !s.waiting.take(streamPlaces) {
		return busy("too many submissions are waiting on this node")
	}
	defer s.waiting.give(streamPlaces)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	st := newValueStream(s, cancel, r.Body, control.SetReadDeadline)
	st.within(0)
	head(w, wire.StreamType)
	w.WriteHeader(http.StatusOK)
	if control.Flush() != nil {
		return nil // gone
	}
	if err := st.run(ctx, func(piece []byte) error {
		extend(w)
		_, err := w.Write(piece)
		return errors.Join(err, control.Flush())
	}); err != nil {
		panic(http.ErrAbortHandler) // the client must not take the cut for an end
	}
	return nil
}

// valueStream is one stream of submissions: read takes values from the client and
// gives them to the node, settle waits for what becomes of them, in order, and
// write sends the answers.
type valueStream struct {
	server *Server
	cancel context.CancelCauseFunc
	body   *source
	in     *bufio.Reader // of body

	values  []batch.Value // read uses it again
	flight  chan promise  // values that the node has, oldest first
	flying  atomic.Int64  // how many, at most streamFlight
	settled chan struct{} // some have come out: there may be room

	mu      sync.Mutex
	room    sync.Cond // in answers, for settle
	answers []byte
	ended   bool
	ready   chan struct{} // there is something to write

	deadlines sync.Mutex
	deadline  func(time.Time) error
	unread    bool // nothing will be read any more
}

func newValueStream(s *Server, cancel context.CancelCauseFunc, body io.Reader, deadline func(time.Time) error) *valueStream {
	st := &valueStream{
		server: s, cancel: cancel, body: &source{r: body}, deadline: deadline,
		flight: make(chan promise, streamFlight), settled: make(chan struct{}, 1), ready: make(chan struct{}, 1),
	}
	st.in = bufio.NewReaderSize(st.body, streamBuffer)
	st.room.L = &st.mu
	return st
}

// run serves the stream to its end. The error says that the client has gone.
func (st *valueStream) run(ctx context.Context, send func([]byte) error) error {
	stop := context.AfterFunc(ctx, func() {
		st.stopReading()
		st.mu.Lock()
		defer st.mu.Unlock()
		st.room.Broadcast()
	})
	defer stop()
	var parts sync.WaitGroup
	parts.Go(func() { st.read(ctx) })
	parts.Go(func() { st.settle(ctx) })
	err := st.write(ctx, send)
	st.cancel(err)
	parts.Wait()
	return err
}

// errGone: the connection is broken, and nobody waits for answers.
var errGone = errors.New("the client has gone")

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
