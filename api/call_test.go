package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
)

// served is a server without sockets.
type served struct {
	t   testing.TB
	log *apitest.Log
	srv *api.Server
}

func serve(t testing.TB, change func(*api.Config)) *served {
	t.Helper()
	log := apitest.New()
	conf := api.Config{Node: log}
	if change != nil {
		change(&conf)
	}
	srv, err := api.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	return &served{t, log, srv}
}

func request(method, path, body string, headers ...string) *http.Request {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:7500"+path, in)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func (s *served) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.srv.ServeHTTP(w, r)
	return w
}

func (s *served) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	return s.do(request(method, path, body, headers...))
}

// want checks a status, and that an error is the JSON that every error is.
func (s *served) want(w *httptest.ResponseRecorder, status int, text string) {
	s.t.Helper()
	if w.Code != status {
		s.t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if kind := w.Header().Get("Content-Type"); kind != "application/json" {
		s.t.Fatalf("Content-Type %q", kind)
	}
	if status >= 400 {
		e := failure(s.t, w.Body.Bytes())
		if e.Error == "" || !strings.Contains(e.Error+" "+e.Hint, text) {
			s.t.Fatalf("the error is %+v, want %q in it", e, text)
		}
	}
	if s.srv.InUse() != [3]int64{} {
		s.t.Fatalf("still in use after the answer: %v", s.srv.InUse())
	}
}

// failure is the error of a document, which is nothing else but in the one of /readyz.
func failure(t testing.TB, data []byte) wire.Error {
	t.Helper()
	if !bytes.HasPrefix(data, []byte(`{"ready":`)) {
		return decode[wire.Error](t, data)
	}
	document := decode[wire.Ready](t, data)
	if document.Error == nil || document.Ready {
		t.Fatalf("ready after all: %s", data)
	}
	return *document.Error
}

// decode is strict: a document has what package wire says and nothing else.
func decode[T any](t testing.TB, data []byte) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %.200s", err, data)
	}
	return v
}
