package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"abad/api/wire"
)

// fuzzPatience is when the client of a fuzzed request hangs up, so that streams and
// waits end. It is real time and decides nothing: an answer is checked if it is there.
const fuzzPatience = 50 * time.Millisecond

// Whatever comes to whatever path of a running node, it is never the node's fault,
// and what is refused is refused in our words.
func FuzzEveryHandler(f *testing.F) {
	s := full(f)
	fill := strings.NewReplacer("{height}", "1", "{id}", someID, "{position}", "1.0", "{name...}", "a/b", "{name}", "heap",
		"{chain}", strings.Repeat("0", 64), "{round}", "latest")
	for _, path := range slices.Sorted(maps.Keys(s.Paths())) {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"} {
			f.Add(method, fill.Replace(path), "", []byte(nil), "", "")
		}
		for _, method := range s.Paths()[path] {
			f.Add(method, fill.Replace(path), "from=1.1&limit=2", []byte("{"), "application/json", "1.0")
			f.Add(method, fill.Replace(path), "wait=1ms&seconds=0", []byte(`{"vote":true}`), "", "x")
			f.Add(method, fill.Replace(path), "timeout=1ms&debug=1", []byte(`{"level":"info"}`), "text/plain", someID)
			f.Add(method, path, "%zz", []byte("\x00\x00\x00\x05"+strings.Repeat("i", 16)+"hello"), wire.StreamType, "\xff")
			f.Add(method, path+"/../..//%2e", "from=-1&limit=99999999999999999999&wait=9999h&seconds=1e999", []byte(strings.Repeat("x", 5000)), "multipart/form-data", "1.")
		}
	}
	f.Fuzz(func(t *testing.T, method, path, query string, body []byte, kind, header string) {
		ctx, cancel := context.WithTimeout(t.Context(), fuzzPatience)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "http://localhost/", strings.NewReader(string(body)))
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		for name, value := range map[string]string{"Content-Type": kind, "Last-Event-ID": header, wire.IDHeader: header, wire.RequestIDHeader: header, "Authorization": header} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		if cut := serveHTTP(s, w, r); cut {
			return
		}
		if w.Code >= 500 || w.Code < 200 {
			t.Fatalf("%s %s?%s: %d %s", method, path, query, w.Code, w.Body)
		}
		if w.Code >= 400 {
			var e wire.Error
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error == "" || e.RequestID == "" {
				t.Fatalf("%s %s?%s: %d, %v: %s", method, path, query, w.Code, err, w.Body)
			}
		}
		if s.InUse() != [3]int64{} || s.Short() != 0 {
			t.Fatalf("%s %s?%s: in use after the answer: %v %d", method, path, query, s.InUse(), s.Short())
		}
	})
}

// serveHTTP reports whether the answer was cut, as net/http lets a handler do.
func serveHTTP(s http.Handler, w http.ResponseWriter, r *http.Request) (cut bool) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler {
			cut = true
		} else if cause != nil {
			panic(cause)
		}
	}()
	s.ServeHTTP(w, r)
	return false
}
