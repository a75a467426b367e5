package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"abad/api/wire"
)

// One submission of 250 bytes through the handler, without a connection.
func BenchmarkPostValue(b *testing.B) {
	s := serve(b, nil)
	body := strings.Repeat("x", 250)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "http://localhost/v1/values", strings.NewReader(body))
		w := httptest.NewRecorder()
		s.srv.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

// A page of 10,000 values of 250 bytes, over 4 MiB of JSON.
func BenchmarkPage(b *testing.B) {
	s := serve(b, nil)
	s.fill(250, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		w := &discard{header: http.Header{}}
		s.srv.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/v1/log?limit=10000", nil))
		b.SetBytes(int64(w.size))
	}
}

type discard struct {
	header http.Header
	size   int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { d.size += len(p); return len(p), nil }

func BenchmarkEntry(b *testing.B) {
	e := wire.Entry{Block: 123456, Index: 789, Value: make([]byte, 250)}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Append(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}
