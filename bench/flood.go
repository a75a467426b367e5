package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Flood is what one hostile client does to a node's API, all of it at a time and
// for as long as it may. The zero value of a field leaves that part away.
type Flood struct {
	Addr string // of the API, host:port

	Streams int // connections that ask for a stream and then read what comes, or sit idle
	Slow    int // connections that send a header byte by byte
	// So many clients each that come again ten times a second: a body that ends
	// early, a header of a megabyte, a page of the log, the status.
	Halves, Headers, Pages, Statuses int
}

// FloodCount is what a flood has come to.
type FloodCount struct {
	Open     int64 // connections at present
	Requests int64 // answered, however
	Refused  int64 // of these with 429
	Errors   int64 // of the server, 5xx
}

func (c FloodCount) String() string {
	return fmt.Sprintf("%d connections open, %d requests, %d of them refused with 429, %d with an error of the server",
		c.Open, c.Requests, c.Refused, c.Errors)
}

// floodPause is between two requests of a client that comes again.
const floodPause = 100 * time.Millisecond

// flooding is a flood under way.
type flooding struct {
	Flood
	open, requests, refused, errors atomic.Int64
	opened                          atomic.Int64 // streams that were tried
}

// Run floods until ctx ends. It calls ready once every stream was asked for, and
// returns when all connections are closed.
func (f Flood) Run(ctx context.Context, ready func()) FloodCount {
	run := &flooding{Flood: f}
	// The parts end after the count, or it would miss connections that are closed already.
	flood, stop := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	for range f.Streams {
		parts.Go(func() { run.stream(flood) })
	}
	again := func(count int, once func(context.Context)) {
		for range count {
			parts.Go(func() {
				for pause(flood, floodPause) == nil {
					once(flood)
				}
			})
		}
	}
	again(f.Slow, run.slow)
	again(f.Halves, run.half)
	again(f.Headers, run.header)
	again(f.Pages, func(ctx context.Context) { run.get(ctx, "/v1/log?limit=10000") })
	again(f.Statuses, func(ctx context.Context) { run.get(ctx, "/v1/status") })
	for run.opened.Load() < int64(f.Streams) && pause(ctx, floodPause) == nil {
	}
	ready()
	<-ctx.Done()
	count := FloodCount{run.open.Load(), run.requests.Load(), run.refused.Load(), run.errors.Load()}
	stop()
	parts.Wait()
	return count
}

// dial opens a connection that is closed when ctx ends.
func (f *flooding) dial(ctx context.Context) (conn net.Conn, done func(), err error) {
	conn, err = (&net.Dialer{Timeout: time.Minute}).DialContext(ctx, "tcp", f.Addr)
	if err != nil {
		return nil, nil, err
	}
	f.open.Add(1)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return conn, func() { stop(); conn.Close(); f.open.Add(-1) }, nil
}

const floodHead = " HTTP/1.1\r\nHost: localhost\r\n"

// stream asks for the log without end and holds the connection, also if it is refused.
func (f *flooding) stream(ctx context.Context) {
	asked := sync.OnceFunc(func() { f.opened.Add(1) })
	defer asked()
	for ctx.Err() == nil {
		conn, done, err := f.dial(ctx)
		if err != nil {
			asked()
			_ = pause(ctx, time.Second)
			continue
		}
		_, err = io.WriteString(conn, "GET /v1/log/stream?from=1"+floodHead+"\r\n")
		if err == nil {
			f.answer(conn)
			asked()
			_, _ = io.Copy(io.Discard, conn)
		}
		done()
	}
}

// answer counts the answer that comes on a connection.
func (f *flooding) answer(conn io.Reader) {
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
	if err != nil {
		return
	}
	f.requests.Add(1)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		f.refused.Add(1)
	case resp.StatusCode >= 500:
		f.errors.Add(1)
	}
}

// slow sends a request byte by byte until the server has enough.
func (f *flooding) slow(ctx context.Context) {
	conn, done, err := f.dial(ctx)
	if err != nil {
		return
	}
	defer done()
	for _, b := range []byte("GET /v1/status" + floodHead + "X: " + strings.Repeat("x", 1000)) {
		if _, err := conn.Write([]byte{b}); err != nil || pause(ctx, floodPause) != nil {
			return
		}
	}
}

// half sends a part of a body and no more.
func (f *flooding) half(ctx context.Context) {
	f.send(ctx, "POST /v1/values"+floodHead+"Content-Length: 100000\r\n\r\nhello")
}

// header sends a header that is too large.
func (f *flooding) header(ctx context.Context) {
	f.send(ctx, "GET /v1/status"+floodHead+"X: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
}

func (f *flooding) send(ctx context.Context, text string) {
	conn, done, err := f.dial(ctx)
	if err != nil {
		return
	}
	defer done()
	if _, err := io.WriteString(conn, text); err == nil {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	f.answer(conn)
}

func (f *flooding) get(ctx context.Context, path string) {
	conn, done, err := f.dial(ctx)
	if err != nil {
		return
	}
	defer done()
	if _, err := io.WriteString(conn, "GET "+path+floodHead+"Connection: close\r\n\r\n"); err == nil {
		f.answer(conn)
		_, _ = io.Copy(io.Discard, conn)
	}
}
