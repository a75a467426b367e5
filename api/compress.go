package api

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// compressed are the types of answers that gzip makes smaller; streams are never
// compressed, since they must leave piece by piece.
var compressed = []string{"application/json", "text/html", "text/css", "text/javascript", "image/svg+xml"}

// gzipMin is the length below which it is not worth the work: an answer that fits
// into one packet does not leave sooner when it is smaller.
const gzipMin = 1400

// wrapGzip compresses what a handler answers, for clients that take it.
var wrapGzip = newGzip()

func newGzip() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(gzipMin), gzhttp.CompressionLevel(1), gzhttp.ContentTypes(compressed), gzhttp.EnableZstd(false))
	if err != nil {
		panic("api: internal error: " + err.Error())
	}
	return wrap
}

// streamed reports whether a path answers piece by piece, or compresses by itself.
func streamed(path string) bool {
	switch path {
	case "/v1/log/stream", "/v1/values/stream", "/v1/backup", "/metrics":
		return true
	}
	return strings.HasPrefix(path, "/debug/")
}

// zipped is a route whose answers may be compressed.
func zipped(path string, next func(w *reply, r *http.Request)) func(w *reply, r *http.Request) {
	if streamed(path) {
		return next
	}
	return func(w *reply, r *http.Request) {
		wrapGzip(http.HandlerFunc(func(inner http.ResponseWriter, r *http.Request) {
			next(&reply{ResponseWriter: inner, id: w.id, outer: w}, r)
		})).ServeHTTP(w, r)
	}
}
