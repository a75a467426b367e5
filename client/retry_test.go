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
	"testing/synctest"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/batch"
	"abad/client"
	"abad/net/nettest"
)

// 429 and 503 are tried again when the server says, until it takes the value.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log, d := shortcut(t, client.Config{})
		log.Busy(3)
		began := time.Now()
		r, err := c.Submit(t.Context(), []byte("x"))
		if err != nil || r.Block != 1 || d.calls.Load() != 4 {
			t.Fatalf("%+v %v after %d calls", r, err, d.calls.Load())
		}
		if took := time.Since(began); took < 3*time.Second || took > 3750*time.Millisecond {
			t.Errorf("%s for three times Retry-After: 1", took)
		}
	})
}

// A server cannot send a client away for hours.
func TestRetryAfterIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log, d := shortcut(t, client.Config{})
		real := d.handler
		d.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if d.calls.Load() == 1 {
				w.Header().Set("Retry-After", "4000000000")
				w.WriteHeader(503)
				return
			}
			real.ServeHTTP(w, r)
		})
		began := time.Now()
		if _, err := c.Submit(t.Context(), []byte("x")); err != nil || log.Height() != 1 {
			t.Fatal(err)
		}
		if took := time.Since(began); took < client.MaxRetryAfter || took > 2*client.MaxRetryAfter {
			t.Errorf("after %s", took)
		}
	})
}

// A value that takes long is asked for again under its name, and is there once.
func TestPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log, d := shortcut(t, client.Config{})
		log.Hold()
		time.AfterFunc(3*client.DefaultWait, log.Commit)
		r, err := c.Submit(t.Context(), []byte("x"))
		if err != nil || r.Block != 1 || d.calls.Load() < 3 {
			t.Fatalf("%+v %v", r, err)
		}
		if values, _ := log.Values(1); len(values) != 1 {
			t.Errorf("%d values", len(values))
		}
	})
}

// A server that says "pending" without waiting is not asked all the time.
func TestHastyServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, d := shortcut(t, client.Config{})
		d.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(202) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := c.Submit(ctx, []byte("x"))
		var u *client.Unsettled
		if !errors.As(err, &u) || !errors.Is(err, context.DeadlineExceeded) || u.ID == (batch.ValueID{}) {
			t.Error(err)
		}
		if n := d.calls.Load(); n > 61 {
			t.Errorf("%d requests in a minute", n)
		}
	})
}

var errDial = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

func TestUnreachable(t *testing.T) {
	addr := nettest.FreeAddrs(t, 1)[0] // nobody is there
	c := connect(t, client.Config{URL: addr, Attempts: 2})
	_, err := c.Submit(t.Context(), []byte("x"))
	var u *client.Unsettled
	if !errors.Is(err, client.ErrUnreachable) || !strings.Contains(err.Error(), addr) || errors.As(err, &u) {
		t.Errorf("a value that was never sent: %v", err)
	}
	if client.Hint(err) != "is the daemon running?" {
		t.Errorf("hint %q", client.Hint(err))
	}
	if _, err = c.Status(t.Context()); !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
	for _, err = range c.Stream(t.Context(), client.Position{}) {
	}
	if !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
}

// Without a bound of attempts, a node that comes back within ctx is all that matters.
func TestNodeComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, d := shortcut(t, client.Config{})
		began := time.Now()
		d.err = func(int32) error {
			if time.Since(began) < time.Minute {
				return errDial
			}
			return nil
		}
		if r, err := c.Submit(t.Context(), []byte("x")); err != nil || r.Block != 1 {
			t.Fatal(err)
		}
		if n := d.calls.Load(); n < 25 || n > 45 {
			t.Errorf("%d attempts in a minute", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		d.err = func(int32) error { return errDial }
		_, err := c.Submit(ctx, []byte("y"))
		var u *client.Unsettled
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, client.ErrUnreachable) || errors.As(err, &u) {
			t.Errorf("never sent: %v", err)
		}
		d.err = func(int32) error { return errors.New("connection reset") }
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err = c.Submit(ctx, []byte("z")); !errors.As(err, &u) || !errors.Is(err, client.ErrUnreachable) {
			t.Errorf("perhaps sent: %v", err)
		}
	})
}

// A server that takes a request and never answers does not hold one for ever.
func TestDeafServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log, d := shortcut(t, client.Config{})
		real := d.handler
		d.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if d.calls.Load() == 1 {
				<-r.Context().Done()
				return
			}
			real.ServeHTTP(w, r)
		})
		began := time.Now()
		if _, err := c.Submit(t.Context(), []byte("x")); err != nil || log.Height() != 1 {
			t.Fatal(err)
		}
		if took := time.Since(began); took < client.DefaultWait+client.Grace || took > client.DefaultWait+client.Grace+time.Second {
			t.Errorf("after %s", took)
		}
	})
}

// dropper stands before a real API and breaks connections: before the request is
// passed on, or after the answer came and before the client has it.
type dropper struct {
	api   http.Handler
	calls atomic.Int32
}

func (d *dropper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch call := d.calls.Add(1); {
	case call%2 == 0:
		d.api.ServeHTTP(w, r)
	case call%3 == 0:
		panic(http.ErrAbortHandler)
	case call%3 == 1:
		d.api.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	default:
		d.api.ServeHTTP(httptest.NewRecorder(), r)
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte(`{"block":1,`)) // and no more
	}
}

func TestDroppedConnections(t *testing.T) {
	log := apitest.New()
	s, err := api.New(api.Config{Node: log})
	if err != nil {
		t.Fatal(err)
	}
	d := &dropper{api: s}
	server := httptest.NewServer(d)
	defer server.Close()
	c := connect(t, client.Config{URL: server.URL})
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 3 {
				payload := fmt.Sprint("value ", w, " ", i)
				r, err := c.Submit(t.Context(), []byte(payload))
				if err != nil {
					t.Errorf("%s: %v", payload, err)
					continue
				}
				values, _ := log.Values(r.Block)
				if r.Index >= uint64(len(values)) || string(values[r.Index].Payload) != payload {
					t.Errorf("%s is not at %d.%d", payload, r.Block, r.Index)
				}
			}
		})
	}
	all.Wait()
	count := 0
	for h := uint64(1); h <= log.Height(); h++ {
		values, _ := log.Values(h)
		count += len(values)
	}
	if count != 24 || log.Asked() <= 24 {
		t.Errorf("%d values of 24 in the log, out of %d submissions", count, log.Asked())
	}
}
