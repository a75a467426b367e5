package api

import (
	"net/http"
	"strings"

	"abad/api/wire"
	"abad/node"
)

// getHealth answers while the process is alive, whatever the node does: who
// restarts a process because of it should not do so when peers are down.
func (s *Server) getHealth(w *reply, r *http.Request) error {
	answer(w, http.StatusOK, map[string]bool{"alive": true})
	return nil
}

// getReady says whether the node can decide, and if not why. It never asks peers: who
// asks often should cost nobody else anything.
func (s *Server) getReady(w *reply, r *http.Request) error {
	st, err := s.status(r.Context())
	if err != nil {
		p := explain(err)
		if p == nil {
			return err // among others: the client has gone
		}
		unready(w, wire.Ready{Checks: []wire.ReadyCheck{{Name: "driver", Text: p.text}}}, p.text, p.hint)
		return nil
	}
	document := readiness(st)
	if document.Ready {
		answer(w, http.StatusOK, document)
		return nil
	}
	var reasons []string
	for _, c := range document.Checks {
		if !c.OK {
			reasons = append(reasons, c.Text)
		}
	}
	unready(w, document, "not ready: "+strings.Join(reasons, "; "),
		"it becomes ready by itself once enough nodes see each other; abad status says who is missing")
	return nil
}

func unready(w *reply, document wire.Ready, text, hint string) {
	document.Error = &wire.Error{Error: text, Hint: hint, RequestID: w.id}
	answer(w, http.StatusServiceUnavailable, document)
}

func readiness(st node.Status) wire.Ready {
	document := wire.Ready{Ready: st.Ready, Checks: []wire.ReadyCheck{{Name: "driver", OK: true, Text: "the node answers"}}}
	for _, c := range st.Checks {
		document.Checks = append(document.Checks, wire.ReadyCheck(c))
	}
	return document
}
