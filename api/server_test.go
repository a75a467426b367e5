package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"abad/api"
	"abad/api/apitest"
	"abad/ledger"
	"abad/node"
)

type overTCP struct {
	addr string
	log  *apitest.Log
}

func serveTCP(t testing.TB) overTCP {
	log := apitest.New()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	return overTCP{url, log}
}

func TestOnlyLoopback(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:0": true, "127.9.9.9:7500": true, "[::1]:0": true, "localhost:0": true, "[::ffff:127.0.0.1]:0": true,
		":7500": false, "0.0.0.0:7500": false, "[::]:0": false, "10.0.0.1:7500": false, "example.com:80": false,
		"localhost.example.com:80": false, "*:80": false,
	} {
		_, err := api.New(api.Config{Node: apitest.New(), Listen: address})
		if ok != (err == nil) {
			t.Errorf("%s: %v", address, err)
		}
		if !ok && (!errors.Is(err, api.ErrNotLoopback) || !strings.Contains(err.Error(), fmt.Sprintf("%q", address)) || !strings.Contains(err.Error(), "TLS")) {
			t.Errorf("%s: the error does not say why: %v", address, err)
		}
		if _, err := api.Listen(address); !ok && !errors.Is(err, api.ErrNotLoopback) {
			t.Errorf("Listen %s: %v", address, err)
		}
	}
	for _, address := range []string{"", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x"} {
		if ln, err := api.Listen(address); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", address)) {
			t.Errorf("Listen %q: %v %v", address, ln, err)
		}
	}
}

// An open socket is checked like an address.
func TestListenerNotLoopback(t *testing.T) {
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := api.New(api.Config{Node: apitest.New(), Listener: ln}); !errors.Is(err, api.ErrNotLoopback) {
		t.Error(err)
	}
}

func TestPortInUse(t *testing.T) {
	ln, err := api.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s, err := api.New(api.Config{Node: apitest.New(), Listen: ln.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), ln.Addr().String()) || !strings.Contains(err.Error(), "in use") {
		t.Error(err)
	}
}

func TestBadConfig(t *testing.T) {
	if _, err := api.New(api.Config{}); err == nil || !strings.Contains(err.Error(), "Node") {
		t.Error(err)
	}
	if _, err := api.New(api.Config{Node: apitest.New(), Limits: api.Limits{Readers: -1}}); err == nil || !strings.Contains(err.Error(), "Limits") {
		t.Error(err)
	}
}

func TestPathsAndMethods(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct {
		method, path string
		status       int
		text, allow  string
	}{
		{"GET", "/", 404, "/v1/values", ""},
		{"POST", "/v1/value", 404, `"/v1/value"`, ""},
		{"GET", "/v1/values/", 404, "/v1/log", ""},
		{"GET", "/v1/blocks/", 404, "/v1/blocks/{height}", ""},
		{"GET", "/v1/values", 405, "POST", "POST"},
		{"PUT", "/v1/values", 405, "PUT", "POST"},
		{"OPTIONS", "/v1/values", 405, "POST", "POST"},
		{"POST", "/v1/log", 405, "GET", "GET, HEAD"},
		{"DELETE", "/v1/blocks/1", 405, "GET", "GET, HEAD"},
		{"POST", "/v1/status", 405, "GET", "GET, HEAD"},
		{"\"\\", "/healthz", 405, "GET", "GET, HEAD"},
	} {
		w := httptest.NewRecorder()
		r := request("GET", c.path, "")
		r.Method = c.method
		s.srv.ServeHTTP(w, r)
		s.want(w, c.status, c.text)
		if w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: Allow %q", c.method, c.path, w.Header().Get("Allow"))
		}
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Control") {
				t.Errorf("%s %s: %s", c.method, c.path, name)
			}
		}
	}
}

// DNS rebinding: the browser takes a foreign name for this server's.
func TestHosts(t *testing.T) {
	s := serve(t, nil)
	for host, ok := range map[string]bool{
		"127.0.0.1:7500": true, "127.0.0.1": true, "localhost": true, "localhost:1": true, "[::1]:7500": true, "[::1]": true, "": true,
		"evil.example": false, "evil.example:7500": false, "127.0.0.1.evil.example": false, "localhost.evil.example:7500": false,
		"10.0.0.1": false, "[::]:7500": false, "[": false, "[]": false, "0.0.0.0": false, ":7500": false,
	} {
		for _, r := range []struct{ method, path string }{{"POST", "/v1/values"}, {"GET", "/v1/status"}} {
			req := request(r.method, r.path, "x")
			req.Host = host
			w := s.do(req)
			if !ok {
				s.want(w, 421, "DNS rebinding")
			} else if w.Code != 200 {
				t.Errorf("%s with host %q: %d %s", r.method, host, w.Code, w.Body)
			}
		}
	}
}

// Request forgery: a foreign page posts here with the browser's help.
func TestOrigins(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"Origin", "http://127.0.0.1:7500", true},
		{"Origin", "http://evil.example", false},
		{"Origin", "http://127.0.0.1:8080", false}, // another service of this machine
		{"Origin", "null", false},
		{"Sec-Fetch-Site", "same-origin", true},
		{"Sec-Fetch-Site", "none", true},
		{"Sec-Fetch-Site", "same-site", false},
		{"Sec-Fetch-Site", "cross-site", false},
	} {
		w := s.call("POST", "/v1/values", "x", c.name, c.value)
		if !c.ok {
			s.want(w, 403, "another origin")
		} else if w.Code != 200 {
			t.Errorf("%s %s: %d", c.name, c.value, w.Code)
		}
	}
}

// ill is a node that fails in ways that the log in memory does not.
type ill struct {
	*apitest.Log
	err   error
	panic any
}

func (i ill) Block(uint64) (*ledger.Block, error) {
	if i.panic != nil {
		panic(i.panic)
	}
	return nil, i.err
}

func (i ill) Status(ctx context.Context) (node.Status, error) {
	<-ctx.Done()
	return node.Status{}, ctx.Err()
}

func TestPanic(t *testing.T) {
	var lines lockedText
	s := serve(t, func(c *api.Config) {
		c.Node = ill{Log: apitest.New(), panic: "boom"}
		c.Log = slog.New(slog.NewTextHandler(&lines, nil))
	})
	s.want(s.call("GET", "/v1/blocks/1", ""), 500, "internal error")
	if got := lines.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "boom") || !strings.Contains(got, "ill.Block") {
		t.Errorf("log: %s", got)
	}
	if w := s.call("GET", "/healthz", ""); w.Code != 200 {
		t.Error("not alive after a panic")
	}
}

// What went wrong inside is for the log, not for clients.
func TestInternalError(t *testing.T) {
	var lines lockedText
	s := serve(t, func(c *api.Config) {
		c.Node = ill{Log: apitest.New(), err: errors.New("secret path")}
		c.Log = slog.New(slog.NewTextHandler(&lines, nil))
	})
	w := s.call("GET", "/v1/blocks/1", "")
	s.want(w, 500, "node's log")
	if strings.Contains(w.Body.String(), "secret") || !strings.Contains(lines.String(), "secret path") {
		t.Errorf("answer %s, log %s", w.Body, lines.String())
	}
}

func TestStuckNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, func(c *api.Config) { c.Node = ill{Log: apitest.New()} })
		s.want(s.call("GET", "/v1/status", ""), 503, "stuck")
		s.want(s.call("GET", "/readyz", ""), 503, "5s")
		s.want(s.call("GET", "/healthz", ""), 200, "")
	})
}

// Nothing is logged for a request above debug.
func TestQuiet(t *testing.T) {
	var lines lockedText
	s := serve(t, func(c *api.Config) { c.Log = slog.New(slog.NewTextHandler(&lines, nil)) })
	for _, path := range []string{"/v1/status", "/nowhere", "/v1/log", "/v1/blocks/9", "/v1/log?limit=x"} {
		s.call("GET", path, "")
	}
	s.call("POST", "/v1/values", "")
	if lines.String() != "" {
		t.Error(lines.String())
	}
	debug := serve(t, func(c *api.Config) {
		c.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	debug.call("GET", "/nowhere", "")
	if got := lines.String(); !strings.Contains(got, "path=/nowhere") || !strings.Contains(got, "status=404") {
		t.Errorf("at debug: %q", got)
	}
}

// Stopping answers those who wait, at once, and Run returns.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		p.log.Hold()
		waiting := p.dial(head("POST", "/v1/values", "Content-Length: 1") + "x")
		slow := p.dial(head("POST", "/v1/values", "Content-Length: 10") + "x")
		idle := p.dial(head("GET", "/healthz"))
		p.want(idle, 200, "")
		synctest.Wait()
		p.stop()
		p.want(waiting, 503, "the node is stopping")
		p.end()
		if _, err := slow.Read(make([]byte, 1)); err == nil {
			t.Error("a body that does not come holds the server")
		}
	})
}

// lockedText collects a log.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
