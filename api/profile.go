package api

import (
	"net/http"
	"net/http/pprof"
	"net/url"
	profile "runtime/pprof"
	"strconv"
	"time"
)

// maxProfile is how long a profile may be taken; one at a time, since each costs the
// node a few percent of its speed.
const maxProfile = time.Minute

// profiles are the paths of net/http/pprof. They are there where a token keeps
// strangers out, or where the operator asked for them.
func (s *Server) profiles() map[string]methods {
	return map[string]methods{
		"/debug/pprof/":       {http.MethodGet: s.getProfile},
		"/debug/pprof/{name}": {http.MethodGet: s.getProfile},
	}
}

// profilers serve the names that the index does not.
var profilers = map[string]http.HandlerFunc{
	"cmdline": pprof.Cmdline, "profile": pprof.Profile, "symbol": pprof.Symbol, "trace": pprof.Trace,
}

func (s *Server) getProfile(w *reply, r *http.Request) error {
	if !s.conf.Profiles && !s.conf.Policy().Enforced {
		return problemf(http.StatusNotFound, "profiles are off").
			withHint("make a token of role operate with abad token new, or start the node with --pprof")
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problemf(http.StatusBadRequest, "the query %q is malformed", short(r.URL.RawQuery))
	}
	name := r.PathValue("name")
	serve, ok := profilers[name]
	if !ok {
		serve = pprof.Index
	}
	if !ok && name != "" && profile.Lookup(name) == nil {
		return problemf(http.StatusNotFound, "there is no profile %q", short(name)).withHint("/debug/pprof/ lists them")
	}
	if err := checkSeconds(q, name); err != nil {
		return err
	}
	if !s.profiling.take(1) {
		return busy("a profile is being taken")
	}
	defer s.profiling.give(1)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxProfile + writeTimeout))
	w.Header().Set("Cache-Control", "no-store")
	serve(w, r)
	return nil
}

// checkSeconds refuses what the package would refuse in other words, or not at all.
func checkSeconds(q url.Values, name string) error {
	if !q.Has("seconds") {
		return nil
	}
	if name != "profile" && name != "trace" {
		return problemf(http.StatusBadRequest, "seconds=%s: is for profile and trace alone", short(q.Get("seconds")))
	}
	seconds, err := strconv.Atoi(q.Get("seconds"))
	if err != nil || seconds < 1 || seconds > int(maxProfile.Seconds()) {
		return problemf(http.StatusBadRequest, "seconds=%s: is not a number from 1 to %d", short(q.Get("seconds")), int(maxProfile.Seconds()))
	}
	return nil
}
