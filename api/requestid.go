package api

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"abad/api/wire"
)

// maxRequestID is room for the ids of known proxies and tracers (a UUID has 36, a
// traceparent 55), and little in a log.
const maxRequestID = 64

// requestID is the caller's name for a request, or a new one where it gave none that
// can go into a log as it is.
func requestID(r *http.Request) string {
	given := r.Header.Get(wire.RequestIDHeader)
	if len(given) > 0 && len(given) <= maxRequestID && plainID(given) {
		return given
	}
	var id [8]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

func plainID(text string) bool {
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return false
		}
	}
	return true
}
