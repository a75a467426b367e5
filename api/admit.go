package api

import (
	"net/http"
	"strings"

	"abad/access"
)

// public paths need no token: probes and the page have none, and what they give is
// in the program or says whether the process works.
var public = map[string]bool{
	"/": true, "/healthz": true, "/readyz": true, "/v1/openapi.json": true,
}

// operations are reading methods whose answers are more than the log.
var operations = map[string]bool{"/v1/backup": true, "/v1/log/level": true}

// needed is the role that a method of a path needs. What is not listed and changes
// something is for operators, so that a new path is never open by mistake.
func needed(path, method string) access.Role {
	reads := method == http.MethodGet || method == http.MethodHead
	switch {
	case reads && public[path]:
		return access.Nobody
	case operations[path] || strings.HasPrefix(path, "/debug/"):
		return access.Operate
	case reads:
		return access.Read
	case path == "/v1/values" || path == "/v1/values/stream":
		return access.Submit
	}
	return access.Operate
}

// authorise lets a request pass whose token has the role (RFC 6750).
func (s *Server) authorise(w *reply, r *http.Request, role access.Role) error {
	policy := s.conf.Policy()
	if role == access.Nobody || !policy.Enforced {
		return nil
	}
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		w.Header().Set("WWW-Authenticate", `Bearer realm="abad"`)
		return problemf(http.StatusUnauthorized, "a token is needed here").
			withHint(`send "Authorization: Bearer TOKEN" with one of role %s; whoever runs the node makes it: abad token new NAME --role %s`, role, role)
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	grant, known := policy.Grants.Find(access.Token(strings.TrimLeft(token, " ")))
	if len(given) > 1 || !strings.EqualFold(scheme, "Bearer") || !known {
		w.Header().Set("WWW-Authenticate", `Bearer realm="abad", error="invalid_token"`)
		return problemf(http.StatusUnauthorized, "the token is not one of this node's").
			withHint("each node has tokens of its own, unless their hashes were copied; abad token list --home DIR shows whose there are")
	}
	for out := w; out != nil; out = out.outer {
		out.who = grant.Name
	}
	if grant.Role < role {
		w.Header().Set("WWW-Authenticate", `Bearer realm="abad", error="insufficient_scope", scope="`+role.String()+`"`)
		return problemf(http.StatusForbidden, "token %q has the role %s, and this needs %s", grant.Name, grant.Role, role).
			withHint("use a token with that role")
	}
	return nil
}
