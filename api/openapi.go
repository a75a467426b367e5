package api

import (
	_ "embed"
	"net/http"
	"strconv"
)

// description is the API in OpenAPI 3.1. Tests hold it against the handlers, against
// package wire and against what a node really answers.
//
//go:embed openapi.json
var description []byte

func (s *Server) getDescription(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	head(w, "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(description)))
	_, _ = w.Write(description) // an error means that the client has gone
	return nil
}
