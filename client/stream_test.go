package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/batch"
	"abad/client"
	"abad/net/nettest"
)

// fill puts blocks of so many values each into the log.
func fill(t testing.TB, log *apitest.Log, values ...int) {
	t.Helper()
	log.Hold()
	for _, count := range values {
		h := log.Height() + 1
		for i := range count {
			v := batch.Value{Payload: fmt.Append(nil, h, ".", i)}
			copy(v.ID[:], v.Payload)
			if _, err := log.Enqueue(time.Now(), v); err != nil {
				t.Fatal(err)
			}
		}
		log.Commit()
	}
}

func checkEntry(t testing.TB, e client.Entry) {
	t.Helper()
	if got := fmt.Sprint(e.Block, ".", e.Index); string(e.Value) != fmt.Sprint(e.Block, ".", e.Index) {
		t.Errorf("%s has the value %q", got, e.Value)
	}
}

func TestLog(t *testing.T) {
	c, log, d := shortcut(t, client.Config{})
	fill(t, log, 3, 0, 9000, 3000, 1)
	count := 0
	for e, err := range c.Log(t.Context(), client.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		checkEntry(t, e)
		count++
	}
	if count != 12004 || d.calls.Load() != 2 {
		t.Errorf("%d values in %d pages", count, d.calls.Load())
	}
	p, err := c.Page(t.Context(), client.Position{Block: 3, Index: 8999}, 2)
	if err != nil || len(p.Values) != 2 || p.Next.String() != "4.1" {
		t.Errorf("%d values, next %s, %v", len(p.Values), p.Next, err)
	}
	for e, err := range c.Log(t.Context(), client.Position{Block: 5}) {
		if err != nil || e.Block != 5 {
			t.Error(err)
		}
	}
	log.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range c.Log(ctx, client.Position{}) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// cutter passes answers on up to a number of bytes, then breaks the connection.
type cutter struct {
	api  http.Handler
	most int
	cuts atomic.Int32
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.api.ServeHTTP(&cutWriter{w, c, c.most + int(c.cuts.Load())*37%100}, r)
}

type cutWriter struct {
	http.ResponseWriter
	cutter *cutter
	left   int
}

func (w *cutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *cutWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.left -= n
	w.ResponseWriter.Write(p[:n])
	if n < len(p) {
		w.cutter.cuts.Add(1)
		http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

// A stream that breaks in the middle of a block, or of an event, goes on there.
func TestStreamResumes(t *testing.T) {
	log := apitest.New()
	s, err := api.New(api.Config{Node: log})
	if err != nil {
		t.Fatal(err)
	}
	cut := &cutter{api: s, most: 400}
	server := httptest.NewServer(cut)
	defer server.Close()
	c := connect(t, client.Config{URL: server.URL, Attempts: 1})
	fill(t, log, 10, 0, 5)
	var got []string
	for e, err := range c.Stream(t.Context(), client.Position{Block: 1, Index: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		checkEntry(t, e)
		if got = append(got, e.Position().String()); len(got) == 13 {
			fill(t, log, 3) // while it waits at the end
		}
		if len(got) == 16 {
			break
		}
	}
	want := "[1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 3.0 3.1 3.2 3.3 3.4 4.0 4.1 4.2]"
	if fmt.Sprint(got) != want || cut.cuts.Load() < 4 {
		t.Errorf("%v after %d cuts", got, cut.cuts.Load())
	}
}

// A server that stops and comes back on the same port.
func TestStreamAcrossRestart(t *testing.T) {
	log := apitest.New()
	addr := nettest.FreeAddrs(t, 1)[0] // nobody takes it meanwhile
	listen := func() net.Listener {
		ln, err := api.Listen(addr)
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	first, stop := apitest.Serve(t, api.Config{Node: log, Listener: listen()})
	c := connect(t, client.Config{URL: first})
	fill(t, log, 2)
	var got []string
	for e, err := range c.Stream(t.Context(), client.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, e.Position().String()); len(got) == 2 {
			stop()
			apitest.Serve(t, api.Config{Node: log, Listener: listen()})
			fill(t, log, 1)
		}
		if len(got) == 3 {
			break
		}
	}
	if fmt.Sprint(got) != "[1.0 1.1 2.0]" {
		t.Error(got)
	}
}

// A connection that died without a word is given up after three heartbeats.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, client.Config{URL: "localhost", Attempts: 1})
		calls := 0
		began := time.Now()
		c.SetTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			if calls++; calls > 2 {
				return nil, errDial
			}
			in, out := io.Pipe()
			context.AfterFunc(r.Context(), func() { out.CloseWithError(context.Cause(r.Context())) })
			go io.Copy(out, bytes.NewReader([]byte(":\n\n")))
			return &http.Response{StatusCode: 200, Body: in, Header: http.Header{"Content-Type": {"text/event-stream"}}}, nil
		}))
		var err error
		for _, err = range c.Stream(t.Context(), client.Position{}) {
		}
		if !errors.Is(err, client.ErrUnreachable) || calls != 3 {
			t.Errorf("%v after %d calls", err, calls)
		}
		if took := time.Since(began); took < 2*client.Silence || took > 2*client.Silence+time.Second {
			t.Errorf("after %s", took)
		}
	})
}

// While the caller is busy with a value, nobody takes the server for dead.
func TestBusyCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log, d := shortcut(t, client.Config{})
		events := httptest.NewRecorder()
		fill(t, log, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "http://localhost/v1/log/stream", nil)
		d.handler.ServeHTTP(events, r)
		c.SetTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			resp := events.Result()
			resp.Body = &ending{r.Context(), resp.Body}
			return resp, nil
		}))
		count := 0
		for e, err := range c.Stream(t.Context(), client.Position{}) {
			if err != nil {
				t.Fatal(err)
			}
			checkEntry(t, e)
			time.Sleep(10 * client.Silence)
			if count++; count == 3 {
				break
			}
		}
	})
}

// ending is a body that ends with its request, like a connection's.
type ending struct {
	ctx context.Context
	io.ReadCloser
}

func (e *ending) Read(p []byte) (int, error) {
	if e.ctx.Err() != nil {
		return 0, context.Cause(e.ctx)
	}
	return e.ReadCloser.Read(p[:min(len(p), 10)])
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
