package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/batch"
	"abad/client"
)

func connect(t testing.TB, conf client.Config) *client.Client {
	t.Helper()
	c, err := client.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// direct sends requests to a handler without a connection, so that the clock of a
// synctest bubble rules.
type direct struct {
	handler http.Handler
	calls   atomic.Int32
	err     func(call int32) error // instead of the handler, where not nil
}

func (d *direct) RoundTrip(r *http.Request) (*http.Response, error) {
	call := d.calls.Add(1)
	if d.err != nil {
		if err := d.err(call); err != nil {
			return nil, err
		}
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, context.Cause(r.Context())
	}
	return w.Result(), nil
}

// shortcut is a client of a log in memory.
func shortcut(t testing.TB, conf client.Config) (*client.Client, *apitest.Log, *direct) {
	t.Helper()
	log := apitest.New()
	s, err := api.New(api.Config{Node: log})
	if err != nil {
		t.Fatal(err)
	}
	conf.URL = "localhost"
	d := &direct{handler: s}
	c := connect(t, conf)
	c.SetTransport(d)
	return c, log, d
}

func answering(t testing.TB, handler http.HandlerFunc) *client.Client {
	t.Helper()
	c := connect(t, client.Config{URL: "localhost", Attempts: 1})
	c.SetTransport(&direct{handler: handler})
	return c
}

func TestSubmit(t *testing.T) {
	log := apitest.New()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	c := connect(t, client.Config{URL: url + "/"})
	ctx := t.Context()
	first, err := c.Submit(ctx, []byte("a"))
	if err != nil || first.Block != 1 {
		t.Fatalf("%+v %v", first, err)
	}
	again, err := c.SubmitID(ctx, first.ID, []byte("a"))
	if err != nil || again.Block != first.Block || again.Index != first.Index {
		t.Errorf("%+v %v", again, err)
	}
	large := make([]byte, batch.MaxValue+1)
	for _, e := range []struct {
		id      batch.ValueID
		payload []byte
		status  int
	}{{first.ID, []byte("b"), 409}, {client.NewID(), nil, 422}, {client.NewID(), large, 413}} {
		_, err := c.SubmitID(ctx, e.id, e.payload)
		var refused *client.Error
		var unsettled *client.Unsettled
		if !errors.As(err, &refused) || refused.Status != e.status || refused.Message == "" || client.Hint(err) == "" || errors.As(err, &unsettled) {
			t.Errorf("%d: %v", e.status, err)
		}
	}
	if r, err := c.Submit(ctx, large[1:]); err != nil || r.Block == 0 {
		t.Errorf("at the limit: %+v %v", r, err)
	}
}

func TestStatusAndBlock(t *testing.T) {
	c, log, _ := shortcut(t, client.Config{})
	log.Commit()
	st, err := c.Status(t.Context())
	if err != nil || st.Height != 1 || len(st.Peers) != 3 || st.MaxValue != batch.MaxValue {
		t.Errorf("%+v %v", st, err)
	}
	b, err := c.Block(t.Context(), 1)
	if err != nil || b.Height != 1 || b.Hash != st.Hash {
		t.Errorf("%+v %v", b, err)
	}
	var refused *client.Error
	if _, err := c.Block(t.Context(), 2); !errors.As(err, &refused) || refused.Status != 404 {
		t.Error(err)
	}
	log.Stop()
	if _, err := c.Status(t.Context()); !errors.As(err, &refused) || refused.Status != 503 || refused.RetryAfter != time.Second {
		t.Error(err)
	}
}

func TestURLs(t *testing.T) {
	for _, url := range []string{"localhost", "127.0.0.1:7500", "[::1]:7500", "http://a", "https://a:1/", "http://a/prefix/"} {
		if _, err := client.New(client.Config{URL: url}); err != nil {
			t.Error(err)
		}
	}
	for _, url := range []string{"", "http://", "ftp://a", "http://a?x=y", "http://u:p@a", "http://a#b", "http://[::1", "http://a b", ":7500"} {
		if _, err := client.New(client.Config{URL: url}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", url)) {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := client.New(client.Config{URL: "localhost", Attempts: -1}); err == nil {
		t.Error("Attempts -1")
	}
}

// counted counts the connections that it accepts.
type counted struct {
	net.Listener
	accepted atomic.Int32
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return conn, err
}

// Thousands of submissions at a time share the connections and keep them.
func TestManySubmissions(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sockets := &counted{Listener: ln}
	log := apitest.New()
	url, _ := apitest.Serve(t, api.Config{Node: log, Listener: sockets})
	c := connect(t, client.Config{URL: url, Connections: 50})
	const values = 3000
	var all sync.WaitGroup
	for range values {
		all.Go(func() {
			if _, err := c.Submit(t.Context(), []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	// Package http drops a connection now and then when a request's context ends with
	// its answer; a client that dials per request would need thousands.
	if log.Height() != values || sockets.accepted.Load() > 60 {
		t.Errorf("%d values over %d connections", log.Height(), sockets.accepted.Load())
	}
	if _, err := c.Status(t.Context()); err != nil {
		t.Error(err)
	}
}
