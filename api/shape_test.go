package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"abad/access"
	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
)

// Long answers are compressed for who takes that, and say the same.
func TestGzip(t *testing.T) {
	s := serve(t, nil)
	s.fill(200, 1, 50, 50)
	plain := s.call("GET", "/v1/log", "")
	for accept, zipped := range map[string]bool{"gzip": true, "gzip, br": true, "br": false, "": false, "gzip;q=0": false} {
		w := s.call("GET", "/v1/log", "", "Accept-Encoding", accept)
		body := w.Body.Bytes()
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != zipped || w.Code != 200 || w.Header().Get("X-Request-Id") == "" {
			t.Fatalf("%q: %d %v", accept, w.Code, w.Header())
		}
		if !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("%q: Vary is %q", accept, w.Header().Get("Vary"))
		}
		if zipped {
			r, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if len(body)*2 > plain.Body.Len() {
				t.Errorf("%d bytes of %d", len(body), plain.Body.Len())
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%q: another answer", accept)
		}
	}
	// Short ones and streams are not.
	for _, path := range []string{"/healthz", "/v1/log/stream", "/nowhere"} {
		method := "GET"
		if path == "/v1/log/stream" {
			method = "HEAD"
		}
		if w := s.call(method, path, "", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
	s.want(s.call("GET", "/v1/log?limit=x", "", "Accept-Encoding", "gzip"), 400, "limit")
}

// A stream's events come one by one also to a browser, which says that it takes gzip.
func TestStreamIsNotHeldBack(t *testing.T) {
	tcp := serveTCP(t)
	if err := post(http.DefaultClient, tcp.addr+"/v1/values", "hello"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", tcp.addr+"/v1/log/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got := make([]byte, 0, 1000)
	for !strings.Contains(string(got), "event: value") {
		n, err := resp.Body.Read(got[len(got):cap(got)])
		if err != nil {
			t.Fatal(err)
		}
		got = got[:len(got)+n]
	}
}

// Without configured origins no page elsewhere may read; with some, those.
func TestCORS(t *testing.T) {
	const page = "https://ops.example.org"
	preflight := []string{"Origin", page, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}
	tokens, policy := holders()
	closed := serve(t, func(c *api.Config) { c.Policy = policy })
	closed.want(closed.call("OPTIONS", "/v1/values", "", preflight...), 405, "POST")
	if w := closed.call("GET", "/v1/status", "", "Origin", page, "Authorization", "Bearer "+tokens[access.Read]); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("open by default")
	}

	open := serve(t, func(c *api.Config) { c.Policy, c.Origins = policy, []string{page} })
	w := open.call("OPTIONS", "/v1/values", "", preflight...)
	if h := w.Header(); w.Code != 204 || h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Methods") != "POST" ||
		h.Get("Access-Control-Allow-Headers") == "" || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v", w.Code, h)
	}
	w = open.call("POST", "/v1/values", "x", "Origin", page, "Authorization", "Bearer "+tokens[access.Submit])
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != page {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	open.want(open.call("POST", "/v1/values", "x", "Origin", page), 401, "token")
	w = open.call("GET", "/v1/status", "", "Origin", "https://evil.example", "Authorization", "Bearer "+tokens[access.Read])
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("any origin may read")
	}
	open.want(open.call("POST", "/v1/values", "x", "Origin", "https://evil.example", "Authorization", "Bearer "+tokens[access.Submit]), 403, "another origin")
	if _, err := api.New(api.Config{Node: apitest.New(), Origins: []string{"*"}}); err == nil || !strings.Contains(err.Error(), "Origins") {
		t.Error(err)
	}
}

// The level of the log changes while the node runs, and the change itself is logged.
func TestLogLevel(t *testing.T) {
	var lines lockedText
	level := new(slog.LevelVar)
	level.Set(slog.LevelError)
	tokens, policy := holders()
	s := serve(t, func(c *api.Config) {
		c.Level, c.Policy = level, policy
		c.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: level}))
	})
	operator := []string{"Authorization", "Bearer " + tokens[access.Operate], "X-Request-Id", "change-1"}
	get := func() string {
		return decode[wire.LogLevel](t, s.call("GET", "/v1/log/level", "", operator...).Body.Bytes()).Level
	}
	if get() != "error" || lines.String() != "" {
		t.Fatal(get(), lines.String())
	}
	for _, to := range levelNames {
		if w := s.call("PUT", "/v1/log/level", `{"level":"`+to+`"}`, operator...); w.Code != 200 || get() != to {
			t.Errorf("%s: %d %s, then %s", to, w.Code, w.Body, get())
		}
	}
	got := lines.String()
	if strings.Count(got, "log level changed") != len(levelNames) || !strings.Contains(got, "token=operateer") || !strings.Contains(got, "request=change-1") {
		t.Errorf("log: %s", got)
	}
	for _, token := range tokens {
		if strings.Contains(got, token) {
			t.Error("a token is in the log")
		}
	}
	for body, status := range map[string]int{
		"": 400, "{}": 400, `{"level":"loud"}`: 400, `{"level":"DEBUG"}`: 400, `{"level":"info","x":1}`: 400, `{"level":"info"}{}`: 400,
		strings.Repeat(" ", 1024-len(`{"level":"info"}`)) + `{"level":"info"}`: 200, strings.Repeat(" ", 1025): 413,
	} {
		if w := s.call("PUT", "/v1/log/level", body, operator...); w.Code != status {
			t.Errorf("%.40q: %d %s", body, w.Code, w.Body)
		}
	}
	s.want(s.call("PUT", "/v1/log/level", `{"level":"info"}`, "Authorization", "Bearer "+tokens[access.Submit]), 403, "operate")
	fixed := serve(t, nil)
	fixed.want(fixed.call("GET", "/v1/log/level", ""), 404, "")
}

var levelNames = []string{"debug", "info", "warn", "error"}

// Profiles are for operators; without tokens they are off unless asked for.
func TestProfiles(t *testing.T) {
	const path = "/debug/pprof/goroutine?debug=1"
	off := serve(t, nil)
	off.want(off.call("GET", path, ""), 404, "--pprof")
	on := serve(t, func(c *api.Config) { c.Profiles = true })
	if w := on.call("GET", path, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "goroutine profile") {
		t.Errorf("%d %.100s", w.Code, w.Body)
	}
	on.want(on.call("GET", "/debug/pprof/profile?seconds=61", ""), 400, "from 1 to 60")
	on.want(on.call("GET", "/debug/pprof/profile?seconds=-1", ""), 400, "from 1 to 60")
	on.want(on.call("GET", "/debug/pprof/profile?seconds=NaN", ""), 400, "from 1 to 60")
	on.want(on.call("GET", "/debug/pprof/none", ""), 404, "no profile")
	on.want(on.call("POST", path, ""), 405, "GET")
	tokens, policy := holders()
	kept := serve(t, func(c *api.Config) { c.Policy = policy })
	kept.want(kept.call("GET", path, "", "Authorization", "Bearer "+tokens[access.Submit]), 403, "operate")
	if w := kept.call("GET", path, "", "Authorization", "Bearer "+tokens[access.Operate]); w.Code != 200 {
		t.Errorf("%d %.100s", w.Code, w.Body)
	}
}

// Requests that wait for the node are bounded, and probes still get their answer.
func TestTooManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, func(c *api.Config) { c.Node, c.Limits.Requests = ill{Log: apitest.New()}, 2 })
		ended := make(chan int, 2)
		for range 2 {
			go func() { ended <- s.call("GET", "/v1/status", "").Code }()
		}
		synctest.Wait()
		w := s.call("GET", "/v1/status", "")
		if s.want(w, 429, "too many requests"); w.Header().Get("Retry-After") != "1" {
			t.Error(w.Header())
		}
		if w := s.call("GET", "/healthz", ""); w.Code != 200 {
			t.Error(w.Code)
		}
		for range 2 {
			if code := <-ended; code != 503 {
				t.Error(code)
			}
		}
		if s.srv.Short() != 0 {
			t.Error("still in use")
		}
	})
}
