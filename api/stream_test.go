package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"abad/api"
	"abad/api/wire"
	"abad/batch"
)

// stream is an open one.
type stream struct {
	t    *testing.T
	conn net.Conn
	resp *http.Response
	in   *bufio.Reader
}

func (p *piped) stream(path string, headers ...string) *stream {
	p.t.Helper()
	conn := p.dial(head("GET", path, headers...))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		p.t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	return &stream{p.t, conn, resp, bufio.NewReader(resp.Body)}
}

// block reads lines up to an empty one.
func (s *stream) block() string {
	s.t.Helper()
	var lines []string
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			s.t.Fatalf("after %q: %v", lines, err)
		}
		if line == "\n" {
			return strings.Join(lines, "|")
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}

// values reads events and gives their ids, after it has compared them with the data.
func (s *stream) values(count int) string {
	s.t.Helper()
	var ids []string
	for range count {
		event := s.block()
		parts := strings.SplitN(event, "|", 3)
		id, ok := strings.CutPrefix(parts[0], "id: ")
		if !ok || len(parts) != 3 || parts[1] != "event: value" {
			s.t.Fatalf("event %q", event)
		}
		e := decode[wire.Entry](s.t, []byte(strings.TrimPrefix(parts[2], "data: ")))
		if e.Position().String() != id || !strings.HasPrefix(string(e.Value), id) {
			s.t.Fatalf("event %q", event)
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}

func (p *piped) fill(size int, values ...int) {
	(&served{t: p.t, log: p.log}).fill(size, values...)
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.fill(0, 2, 0, 1)
		s := p.stream("/v1/log/stream")
		if got := s.block(); got != "retry: 1000" {
			t.Errorf("first %q", got)
		}
		if got := s.values(3); got != "1.0 1.1 3.0" {
			t.Error(got)
		}
		p.fill(0, 0, 2) // while it is open
		if got := s.values(2); got != "5.0 5.1" {
			t.Error(got)
		}
		s.conn.Close()
	})
}

// A browser reconnects with its first address and the id of the last event.
func TestStreamResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.fill(0, 3, 2)
		for _, c := range []struct{ path, last, first string }{
			{"/v1/log/stream?from=2", "", "2.0"},
			{"/v1/log/stream?from=1.2", "", "1.2"},
			{"/v1/log/stream", "1.0", "1.1"},
			{"/v1/log/stream?from=2.1", "1.1", "1.2"},
			{"/v1/log/stream", "1.2", "2.0"},
			{"/v1/log/stream", "0.5", "1.0"},
		} {
			var headers []string
			if c.last != "" {
				headers = []string{"Last-Event-ID: " + c.last}
			}
			s := p.stream(c.path, headers...)
			s.block()
			if got := s.values(1); got != c.first {
				t.Errorf("%s after %q: %s, want %s", c.path, c.last, got, c.first)
			}
			s.conn.Close()
		}
		s := p.stream("/v1/log/stream", "Last-Event-ID: 2.1") // all seen
		s.block()
		p.fill(0, 1)
		if got := s.values(1); got != "3.0" {
			t.Error(got)
		}
		s.conn.Close()
	})
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		s := p.stream("/v1/log/stream")
		s.block()
		began := time.Now()
		for i := range 10 {
			if got := s.block(); got != ":" {
				t.Fatalf("%q", got)
			}
			if took := time.Since(began); took != time.Duration(i+1)*api.Heartbeat {
				t.Fatalf("heartbeat %d after %s", i, took)
			}
		}
		p.fill(0, 1)
		if got := s.values(1); got != "1.0" {
			t.Error(got)
		}
		s.conn.Close()
	})
}

// Stopping ends streams as whole answers, whatever they were doing.
func TestStreamEndsWhole(t *testing.T) {
	for _, node := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := servePipes(t, nil)
			p.fill(0, 1)
			s := p.stream("/v1/log/stream")
			s.block()
			s.values(1)
			if node {
				p.log.Stop()
			} else {
				p.stop()
			}
			if rest, err := io.ReadAll(s.in); err != nil || len(rest) != 0 {
				t.Errorf("%q %v", rest, err)
			}
			p.end()
		})
	}
}

// A reader that does not read is dropped; until then it holds one piece.
func TestSlowReader(t *testing.T) {
	for _, path := range []string{"/v1/log/stream", "/v1/log?limit=10000"} {
		synctest.Test(t, func(t *testing.T) {
			p := servePipes(t, nil)
			p.fill(1000, 1000)
			conn := p.dial(head("GET", path))
			time.Sleep(api.WriteTimeout - time.Second)
			synctest.Wait()
			if p.srv.InUse()[2] != 1 {
				t.Fatal("it is not being served")
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if p.srv.InUse()[2] != 0 {
				t.Error("a client that does not read is still served")
			}
			if got, _ := io.ReadAll(conn); len(got) != 0 {
				t.Errorf("%d bytes", len(got))
			}
			p.end()
		})
	}
}

// One that reads slowly but does read gets everything.
func TestPatientReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.fill(10_000, 50)
		s := p.stream("/v1/log/stream")
		s.block()
		var want []string
		for i := range 50 {
			want = append(want, fmt.Sprintf("1.%d", i))
		}
		var got []string
		for range 50 {
			time.Sleep(3 * time.Second) // 150 s in total
			got = append(got, s.values(1))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Error(got)
		}
		s.conn.Close()
	})
}

func TestTooManyReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, func(c *api.Config) { c.Limits.Readers = 2 })
		defer p.end()
		a, b := p.stream("/v1/log/stream"), p.stream("/v1/log/stream")
		p.want(p.dial(head("GET", "/v1/log/stream")), 429, "readers")
		p.want(p.dial(head("GET", "/v1/log")), 429, "readers")
		p.want(p.dial(head("POST", "/v1/values", "Content-Length: 1")+"x"), 200, "")
		a.conn.Close()
		synctest.Wait()
		p.want(p.dial(head("GET", "/v1/log")), 200, "next")
		b.conn.Close()
	})
}

func TestStreamHead(t *testing.T) {
	s := serve(t, nil)
	if w := s.call("HEAD", "/v1/log/stream", ""); w.Code != 200 || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// broken is a node whose second block cannot be read, and panics if it is to.
type broken struct {
	api.Node
	panics bool
}

func (b broken) Values(height uint64) ([]batch.Value, error) {
	if height == 2 && b.panics {
		panic("checksum")
	}
	if height == 2 {
		return nil, fmt.Errorf("checksum")
	}
	return b.Node.Values(height)
}

// What can be read is sent. A stream that cannot go on is cut, so that nobody takes
// it for a whole one.
func TestCutWhenBroken(t *testing.T) {
	for _, panics := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := servePipes(t, func(c *api.Config) { c.Node = broken{c.Node, panics} })
			defer p.end()
			p.fill(100_000, 2)
			s := p.stream("/v1/log/stream")
			s.block()
			if got := s.values(2); got != "1.0 1.1" {
				t.Error(got)
			}
			p.fill(0, 1)
			if _, err := io.ReadAll(s.in); err == nil {
				t.Error("the stream ended as if it were whole")
			}
			p.want(p.dial(head("GET", "/v1/log?from=2")), 500, "internal error")
			p.want(p.dial(head("GET", "/v1/log?from=2")), 500, "internal error") // nobody waits for the first
			if !panics {
				p.want(p.dial(head("GET", "/v1/log")), 200, `"next":"2.0","height":2`)
			}
		})
	}
}
