package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// handle answers a request or returns the error that answers it.
type handle func(w *reply, r *http.Request) error

// methods are the handlers of one path.
type methods map[string]handle

func (s *Server) table() map[string]methods {
	return map[string]methods{
		"/v1/values":          {http.MethodPost: s.postValue},
		"/v1/values/stream":   {http.MethodPost: s.postStream},
		"/v1/blocks/{height}": {http.MethodGet: s.getBlock},
		"/v1/log":             {http.MethodGet: s.getLog},
		"/v1/log/stream":      {http.MethodGet: s.getStream},
		"/v1/status":          {http.MethodGet: s.getStatus},
		"/v1/stats":           {http.MethodGet: s.getStats},
		"/v1/openapi.json":    {http.MethodGet: s.getDescription},
		"/healthz":            {http.MethodGet: s.getHealth},
		"/readyz":             {http.MethodGet: s.getReady},
	}
}

// paths are all that this server has.
func (s *Server) paths() map[string]methods {
	table := s.table()
	if s.conf.Proofs != nil {
		maps.Copy(table, s.proofs())
	}
	if s.conf.Decisions != nil {
		maps.Copy(table, s.decisions())
	}
	if s.conf.Agreements != nil {
		maps.Copy(table, s.agreements())
	}
	if s.conf.Watch != nil {
		maps.Copy(table, s.watching())
	}
	if s.conf.Backup != nil {
		table["/v1/backup"] = methods{http.MethodGet: s.getBackup}
	}
	if s.conf.Metrics != nil {
		table["/metrics"] = methods{http.MethodGet: s.getMetrics}
	}
	if s.conf.Level != nil {
		table["/v1/log/level"] = methods{http.MethodGet: s.getLevel, http.MethodPut: s.putLevel}
	}
	maps.Copy(table, s.profiles())
	return table
}

// routes finds the handler of a path and then of the method. The mux could do
// both, but its own 404 and 405 are not JSON.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	table := s.paths()
	paths := strings.Join(slices.Sorted(maps.Keys(table)), ", ")
	for path, m := range table {
		s.requests.expect(path)
		serve := zipped(path, func(w *reply, r *http.Request) { s.dispatch(w, r, path, m) })
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			out := w.(*reply)
			defer func() { s.requests.note(path, out.status) }()
			serve(out, r)
		})
	}
	s.servePage(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		defer s.requests.note(otherRoute, http.StatusNotFound)
		s.fail(w.(*reply), r, problemf(http.StatusNotFound, "nothing is at %q", short(r.URL.Path)).withHint("the paths are %s", paths))
	})
	return mux
}

func (s *Server) dispatch(w *reply, r *http.Request, path string, m methods) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http leaves the body away
	}
	h, ok := m[method]
	if !ok {
		allowed := slices.Sorted(maps.Keys(m))
		if m[http.MethodGet] != nil {
			allowed = append(allowed, http.MethodHead)
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.fail(w, r, problemf(http.StatusMethodNotAllowed, "%q does not work on %s", short(r.Method), r.URL.Path).
			withHint("use %s", strings.Join(allowed, " or ")))
		return
	}
	err := s.authorise(w, r, needed(path, method))
	if err == nil {
		err = s.serve(w, r, path, h)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// counted paths bound their requests by what they cost; all others share a gauge.
var counted = map[string]bool{
	"/healthz": true, "/v1/values": true, "/v1/values/stream": true, "/v1/log": true, "/v1/log/stream": true,
	"/v1/decisions/{name...}": true, "/v1/agreements/{name...}": true,
}

func (s *Server) serve(w *reply, r *http.Request, path string, h handle) error {
	if counted[path] {
		return h(w, r)
	}
	if !s.short.take(1) {
		return busy("too many requests are under way on this node")
	}
	defer s.short.give(1)
	return h(w, r)
}
