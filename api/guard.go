package api

import (
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"abad/api/wire"
)

// reply remembers whether the answer has begun. Unwrap lets
// [http.ResponseController] reach the connection.
type reply struct {
	http.ResponseWriter
	status int
	id     string // of the request
	who    string // the token's name, "" without one
	outer  *reply // that this one compresses for; nil: none
}

func (r *reply) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *reply) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(data)
}

// guard stands before all handlers: it keeps strangers out, turns panics into 500
// and counts who is in.
func (s *Server) guard(next http.Handler) http.Handler {
	next = share(s.conf.Origins, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.running.RLock()
		defer s.running.RUnlock()
		if s.stopped {
			panic(http.ErrAbortHandler)
		}
		out := &reply{ResponseWriter: w, id: requestID(r)}
		w.Header().Set(wire.RequestIDHeader, out.id)
		defer s.recover(out, r)
		began := time.Now()
		bodyWithin(out, r, readTimeout)
		if err := s.admit(r); err != nil {
			s.fail(out, r, err)
			s.requests.note(refusedRoute, out.status)
		} else {
			next.ServeHTTP(out, r)
		}
		if s.log.Enabled(r.Context(), slog.LevelDebug) {
			s.log.Debug("api request", "request", out.id, "token", out.who, "method", r.Method, "path", short(r.URL.Path), "status", out.status, "ms", time.Since(began).Milliseconds())
		}
	})
}

// bodyWithin bounds how long the body may take from now on. net/http lifts the bound
// when the body is read; it must not be set without one, since the server reads on
// behind the handler's back to notice a client that hangs up.
func bodyWithin(w http.ResponseWriter, r *http.Request, d time.Duration) {
	if r.Body != http.NoBody {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(d))
	}
}

// admit refuses what a browser sends in the name of a foreign page.
func (s *Server) admit(r *http.Request) error {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	// HTTP/1.0 may come without a host, and no browser speaks it. Where a token is
	// needed, rebinding gains nothing: the browser has none to send along.
	if r.Host != "" && !loopback(host) && !s.conf.Policy().Enforced {
		return problemf(http.StatusMisdirectedRequest, "the host %q is not this API's", short(r.Host)).
			withHint("call it by 127.0.0.1, [::1] or localhost; other names are refused because a web page could use one to reach you (DNS rebinding)")
	}
	if s.origins.Check(r) != nil {
		return problemf(http.StatusForbidden, "a browser sent this for a page of another origin").
			withHint("web pages cannot change anything from elsewhere; use a program, or list the origin in [access] of config.toml")
	}
	return nil
}

// recover ends a request whose handler panicked. One client's request must not
// stop the node, which may be doing well otherwise.
func (s *Server) recover(w *reply, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	s.log.Error("api handler panicked", "request", w.id, "method", r.Method, "path", short(r.URL.Path), "err", cause, "stack", string(debug.Stack()))
	s.fail(w, r, problemf(http.StatusInternalServerError, "internal error").withHint("it is in the node's log; please report it"))
}

// maxText bounds the text of others in our answers and logs.
const maxText = 200

func short(text string) string {
	if len(text) > maxText {
		return text[:maxText] + "..."
	}
	return text
}
