package api

import (
	"net/http"
	"time"

	"github.com/rs/cors"

	"abad/api/wire"
)

// preflightAge is how long a browser may remember what a page can do: the longest
// that any of them does.
const preflightAge = 2 * time.Hour

// share lets pages of the given origins read answers (Fetch standard, section 3.2).
// Without any no such header is ever sent.
func share(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Last-Event-ID", wire.IDHeader, wire.RequestIDHeader},
		ExposedHeaders: []string{"Retry-After", wire.IDHeader, wire.RequestIDHeader},
		MaxAge:         int(preflightAge.Seconds()),
	}).Handler(next)
}
