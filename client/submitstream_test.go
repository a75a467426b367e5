package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
	"abad/batch"
	"abad/client"
)

func pipeline(t *testing.T, url string) *client.Pipeline {
	t.Helper()
	c, err := client.New(client.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p, err := c.Pipeline(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Ten thousand values on one connection, while their answers come back.
func TestPipeline(t *testing.T) {
	log := apitest.New()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	p := pipeline(t, url)
	const count = 10_000
	ids := make([]batch.ValueID, count)
	for i := range ids {
		ids[i] = client.NewID()
	}
	sent := make(chan error, 1)
	go func() {
		for i, id := range ids {
			payload := fmt.Appendf(nil, "value %d", i)
			if i == 500 {
				payload = nil
			}
			if err := p.Send(id, payload); err != nil {
				sent <- err
				return
			}
		}
		p.CloseSend()
		sent <- nil
	}()
	for i, id := range ids {
		a, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		var refused *client.Error
		switch {
		case a.ID != id:
			t.Fatalf("answer %d is for %v, want %v", i, a.ID, id)
		case i == 500 && (!errors.As(a.Err, &refused) || refused.Status != 422):
			t.Fatalf("an empty value: %+v", a)
		case i != 500 && (a.Err != nil || a.Receipt.ID != id || a.Receipt.Block == 0):
			t.Fatalf("answer %d: %+v", i, a)
		}
	}
	if _, err := p.Next(); err != io.EOF {
		t.Fatalf("%v instead of the end", err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if err := p.Send(ids[0], []byte("x")); !errors.Is(err, client.ErrClosed) {
		t.Fatalf("a value after the end: %v", err)
	}
}

// A receipt says that the node does not have the block yet, on a pipeline too.
func TestReceiptAhead(t *testing.T) {
	log := apitest.New()
	log.Behind()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	p := pipeline(t, url)
	if err := p.Send(client.NewID(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if a, err := p.Next(); err != nil || a.Err != nil || !a.Receipt.Ahead {
		t.Errorf("%+v, %v", a, err)
	}
	c, err := client.New(client.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := c.Submit(t.Context(), []byte("y")); err != nil || !r.Ahead {
		t.Errorf("%+v, %v", r, err)
	}
}

// A node that stops says so, and the pipeline knows which values are unsettled.
func TestPipelineOfAStoppingNode(t *testing.T) {
	log := apitest.New()
	url, stop := apitest.Serve(t, api.Config{Node: log})
	p := pipeline(t, url)
	first, second := client.NewID(), client.NewID()
	if err := p.Send(first, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if a, err := p.Next(); err != nil || a.ID != first {
		t.Fatalf("%+v %v", a, err)
	}
	log.Hold()
	if err := p.Send(second, []byte("two")); err != nil {
		t.Fatal(err)
	}
	log.AwaitQueued()
	stop()
	var ended *client.Error
	if _, err := p.Next(); !errors.As(err, &ended) || ended.Status != 503 {
		t.Fatalf("%v of a node that stops", err)
	}
	if left := p.Unsettled(); len(left) != 1 || left[0] != second {
		t.Fatalf("unsettled: %v", left)
	}
	if err := p.Send(first, []byte("x")); !errors.As(err, &ended) {
		t.Fatalf("a value after the end: %v", err)
	}
}

// Next gives up with Close and with the context.
func TestPipelineClose(t *testing.T) {
	log := apitest.New()
	log.Hold()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	p := pipeline(t, url)
	p.Send(client.NewID(), []byte("one"))
	log.AwaitQueued()
	go p.Close()
	if _, err := p.Next(); !errors.Is(err, client.ErrClosed) {
		t.Fatalf("%v after Close", err)
	}

	c, err := client.New(client.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	if p, err = c.Pipeline(ctx); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	go cancel(cause)
	if _, err := p.Next(); !errors.Is(err, cause) {
		t.Fatalf("%v, want the context's cause", err)
	}
}

// raw serves one connection by hand.
func raw(t *testing.T, serve func(in *bufio.Reader, conn net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		if _, err := http.ReadRequest(in); err == nil {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: "+wire.StreamType+"\r\n\r\n")
			serve(in, conn)
		}
	}()
	return "http://" + ln.Addr().String()
}

func TestPipelineOfAHostileNode(t *testing.T) {
	for name, answer := range map[string][]byte{
		"no value":   wire.Answer{Kind: wire.Placed, Block: 1}.Append(nil),
		"early end":  {},
		"kind":       {9},
		"block 0":    make([]byte, 21),
		"half":       wire.Answer{Kind: wire.Placed, Block: 1}.Append(nil)[:7],
		"long":       {2, 0, 200, 255, 255},
		"cut reason": {3, 0, 200, 0, 9, 'x'},
	} {
		url := raw(t, func(in *bufio.Reader, conn net.Conn) { conn.Write(answer) })
		p := pipeline(t, url)
		_, err := p.Next()
		if !errors.Is(err, client.ErrProtocol) && !errors.Is(err, client.ErrUnreachable) {
			t.Errorf("%s: %v", name, err)
		}
		p.Close()
	}
}

// A node that never answers, like one that is stopped: the context ends the wait.
func TestPipelineOfASilentNode(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, nobody else does
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := client.New(client.Config{URL: "http://" + ln.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	if p, err := c.Pipeline(ctx); !errors.Is(err, cause) {
		t.Fatalf("%v %v", p, err)
	}
}

// A node that does not read stops Send, and Close lets it go.
func TestPipelineBackPressure(t *testing.T) {
	stuck := make(chan struct{})
	url := raw(t, func(*bufio.Reader, net.Conn) { <-stuck })
	defer close(stuck)
	p := pipeline(t, url)
	sent := make(chan int, 1)
	value := make([]byte, 64<<10)
	go func() {
		n := 0
		for p.Send(client.NewID(), value) == nil {
			n++
			sent <- n
		}
		close(sent)
	}()
	most := 0
	for waiting := true; waiting; {
		select {
		case most = <-sent:
		case <-time.After(200 * time.Millisecond): // the kernel's buffers are full
			waiting = false
		}
	}
	if most > 1000 { // 64 MB: a kernel takes a few
		t.Fatalf("%d values of 64 KiB went to a node that reads nothing", most)
	}
	p.Close()
	for range sent {
	}
}

// A pipeline's connection has larger buffers than others, and the token as all.
func TestPipelineConnection(t *testing.T) {
	seen := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		http.NewResponseController(w).EnableFullDuplex() // does not wait for the body
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	c, err := client.New(client.Config{URL: server.URL, Token: "abad_x"})
	if err != nil {
		t.Fatal(err)
	}
	if write, read := c.PipeBuffers(); write < 64<<10 || read < 64<<10 {
		t.Errorf("buffers of %d and %d bytes", write, read)
	}
	if _, err := c.Pipeline(t.Context()); err == nil {
		t.Error("no error")
	}
	if got := <-seen; got != "Bearer abad_x" {
		t.Errorf("Authorization: %q", got)
	}
}

func TestPipelineIsRefused(t *testing.T) {
	for status, want := range map[int]string{429: "busy", 200: "type"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).EnableFullDuplex()
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			io.WriteString(w, `{"error":"busy"}`)
		}))
		c, err := client.New(client.Config{URL: srv.URL})
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.Pipeline(t.Context())
		var refused *client.Error
		if err == nil || status == 429 && (!errors.As(err, &refused) || refused.Message != want) || status == 200 && !errors.Is(err, client.ErrProtocol) {
			t.Fatalf("%v %v", p, err)
		}
		srv.Close()
	}
}

// One value after the other, and as many as fit: what the way there and back costs
// without a cluster behind it.
func BenchmarkPipeline(b *testing.B) {
	for _, window := range []int{1, 1024} {
		b.Run(fmt.Sprint(window), func(b *testing.B) {
			url, _ := apitest.Serve(b, api.Config{Node: instant{apitest.New()}})
			c, err := client.New(client.Config{URL: url})
			if err != nil {
				b.Fatal(err)
			}
			p, err := c.Pipeline(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			value := make([]byte, 250)
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			under := 0
			for b.Loop() {
				if err := p.Send(client.NewID(), value); err != nil {
					b.Fatal(err)
				}
				if under++; under == window {
					if _, err := p.Next(); err != nil {
						b.Fatal(err)
					}
					under--
				}
			}
		})
	}
}
