package api_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
)

// Whatever a client posts, it is not the server's fault, and a value is in the log
// exactly when the answer says so.
func FuzzPostValue(f *testing.F) {
	for _, seed := range [][4]string{
		{"", "hello", "", ""},
		{"wait=false", "hello", "application/octet-stream", someID},
		{"timeout=1s", `{"value":"aGVsbG8=","id":"` + someID + `"}`, "application/json", ""},
		{"wait=true&timeout=5m", `{"text":"gr\u00fc\ud83d"}`, "application/json; charset=utf-8", someID},
		{"timeout=1h", "x", "multipart/form-data; boundary=b", "x"},
		{"%zz&;", "{\"text\":\"\xff\"}", "a/b+json;charset=\"", ""},
	} {
		f.Add(seed[0], []byte(seed[1]), seed[2], seed[3])
	}
	log := apitest.New()
	log.SetMaxValue(1000)
	srv, err := api.New(api.Config{Node: log})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string, body []byte, kind, id string) {
		r := httptest.NewRequest("POST", "http://localhost/v1/values", strings.NewReader(string(body)))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", kind)
		if id != "" {
			r.Header.Set("Idempotency-Key", id)
		}
		before := log.Height()
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		if w.Code >= 500 || w.Code < 200 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if taken := log.Height() - before; w.Code >= 300 && w.Code != 409 && taken != 0 || w.Code < 300 && taken != 1 || taken > 1 {
			t.Fatalf("status %d, and %d blocks: %s", w.Code, taken, w.Body)
		}
		var e wire.Error
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code >= 400 && e.Error == "" {
			t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
		}
		if srv.InUse() != [3]int64{} {
			t.Fatalf("in use after the answer: %v", srv.InUse())
		}
	})
}

// The same for everything that reads.
func FuzzGet(f *testing.F) {
	for _, path := range []string{"/v1/log", "/v1/log/stream", "/v1/blocks/1", "/v1/status", "/readyz", "/healthz", "/x", "//v1/log"} {
		f.Add("GET", path, "from=1.2&limit=3", "1.0", "localhost")
		f.Add("HEAD", path, "from=1", "", "[::1]:80")
	}
	s := serve(f, nil)
	s.fill(10, 3, 0, 2)
	f.Fuzz(func(t *testing.T, method, path, query, last, host string) {
		if path == "/v1/log/stream" && method == "GET" {
			return // has no end
		}
		r := httptest.NewRequest("GET", "http://localhost/", nil)
		r.Method, r.URL.Path, r.URL.RawQuery, r.Host = method, path, query, host
		r.Header.Set("Last-Event-ID", last)
		w := s.do(r)
		if w.Code >= 500 || w.Code < 200 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") == "application/json" {
			var e wire.Error
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error == "" {
				t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
			}
		}
	})
}
