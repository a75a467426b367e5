package api_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"abad/api"
)

// A body that ends before its length, or in the middle of a chunk.
func TestBodyCutOff(t *testing.T) {
	url := serveTCP(t)
	for _, text := range []string{
		head("POST", "/v1/values", "Content-Length: 10") + "hello",
		head("POST", "/v1/values", "Transfer-Encoding: chunked") + "5\r\nhel",
		head("POST", "/v1/values", "Transfer-Encoding: chunked") + "5\r\nhello\r\n",
		head("POST", "/v1/values", "Transfer-Encoding: chunked") + "zz\r\nhello\r\n",
		head("POST", "/v1/values", "Content-Type: application/json", "Content-Length: 30") + `{"text":"x"}`,
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url.addr, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		conn.(*net.TCPConn).CloseWrite()
		all, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 400 ") || !strings.Contains(string(all), "cut off") {
			t.Errorf("%q: %q %v", text, all, err)
		}
		conn.Close()
	}
	if url.log.Asked() != 0 {
		t.Error("a piece of a value was submitted")
	}
}

// A body that does not come holds nothing but its connection, and not for ever.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		began := time.Now()
		conn := p.dial(head("POST", "/v1/values", "Content-Length: 10") + "hello")
		p.want(conn, 408, "within 30s")
		if took := time.Since(began); took != api.ReadTimeout {
			t.Errorf("after %s", took)
		}
	})
}

// A refused request does not wait for its body to say so, and the connection of one
// that never comes is not kept.
func TestRefusedBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		for path, status := range map[string]int{"/nowhere": 404, "/v1/values?x": 400, "/v1/log": 405} {
			began := time.Now()
			conn := p.dial(head("POST", path, "Content-Length: 10") + "hello")
			p.want(conn, status, "error")
			if _, err := io.ReadAll(conn); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s: after %s", path, took)
			}
		}
	})
}

func TestSlowHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		began := time.Now()
		conn := p.dial("POST /v1/values HTTP/1.1\r\n")
		if _, err := io.ReadAll(conn); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != api.HeaderTimeout {
			t.Errorf("after %s", took)
		}
	})
}

// The deadline of the body is not one of the wait for the block.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.log.Hold()
		conn := p.dial(head("POST", "/v1/values?timeout=5m", "Content-Length: 1") + "x")
		time.Sleep(4 * time.Minute) // of the bubble's clock
		p.log.Commit()
		p.want(conn, 200, `"block":1`)

		began := time.Now()
		conn = p.dial(head("POST", "/v1/values", "Content-Length: 1") + "x")
		p.want(conn, 202, "pending")
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("after %s", took)
		}
	})
}

func TestTooManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, func(c *api.Config) { c.Limits.Waiting = 2 })
		defer p.end()
		p.log.Hold()
		submit := head("POST", "/v1/values", "Content-Length: 1") + "x"
		first, second := p.dial(submit), p.dial(submit)
		synctest.Wait()
		p.want(p.dial(submit), 429, "too many submissions")
		p.want(p.dial(head("GET", "/v1/status")), 200, "") // others are served
		p.log.Commit()
		p.want(first, 200, "")
		p.want(second, 200, "")
		third := p.dial(submit)
		synctest.Wait()
		p.log.Commit()
		p.want(third, 200, "")
	})
}

// Bodies count with what has come of them, and free it when they end.
func TestTooManyBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, func(c *api.Config) {
			c.Limits.Bodies = 1 // the server takes what one submission needs
			c.Node.(interface{ SetMaxValue(int) }).SetMaxValue(1000)
		})
		defer p.end()
		var slow []net.Conn
		for range 32 { // of 1001 bytes' room each, against four times 7096+1
			slow = append(slow, p.dial(head("POST", "/v1/values", "Content-Length: 1000")+"x"))
		}
		synctest.Wait()
		busy := p.dial(head("POST", "/v1/values", "Content-Length: 1000") + "x")
		p.want(busy, 429, "too many bytes")
		for _, conn := range slow {
			conn.Close()
		}
		synctest.Wait()
		p.want(p.dial(head("POST", "/v1/values", "Content-Length: 1000")+strings.Repeat("x", 1000)), 200, "")
	})
}

// A client that hangs up frees its place; its value goes on.
func TestHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.log.Hold()
		conn := p.dial(head("POST", "/v1/values", "Content-Length: 1") + "x")
		synctest.Wait()
		if p.srv.InUse()[0] != 1 || p.log.Queued() != 1 {
			t.Fatalf("%v in use, %d queued", p.srv.InUse(), p.log.Queued())
		}
		conn.Close()
		synctest.Wait()
		if p.srv.InUse()[0] != 0 {
			t.Error("it waits for a client that has gone")
		}
	})
}

func TestConnectionLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, func(c *api.Config) { c.Limits.Connections = 1 })
		defer p.end()
		first := p.dial(head("GET", "/healthz"))
		p.want(first, 200, "alive")
		client, server := net.Pipe()
		taken := make(chan struct{})
		go func() { p.in.conns <- server; close(taken) }()
		synctest.Wait()
		select {
		case <-taken:
			t.Fatal("a second connection was accepted")
		default:
		}
		first.Close()
		<-taken
		io.WriteString(client, head("GET", "/healthz"))
		p.want(client, 200, "alive")
	})
}
