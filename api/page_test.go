package api_test

import (
	"strings"
	"testing"

	"abad/access"
	"abad/api"
	"abad/page"
)

// The page comes without a token, and opens nothing else.
func TestPage(t *testing.T) {
	s := serve(t, func(c *api.Config) {
		c.Page, c.Policy = page.Handlers(), func() access.Policy { return access.Policy{Enforced: true} }
	})
	for path, kind := range map[string]string{"/": "text/html", "/page/main.js": "text/javascript", "/page/style.css": "text/css"} {
		w := s.call("GET", path, "")
		if w.Code != 200 || w.Body.Len() == 0 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		s.want(s.call("POST", path, "x"), 405, "GET")
	}
	s.want(s.call("GET", "/v1/status", ""), 401, "token")
	for _, path := range []string{"/page", "/page/", "/page/index.html", "/page/../node.go", "/index.html"} {
		if w := s.call("GET", path, ""); w.Code == 200 {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	bare := serve(t, nil)
	bare.want(bare.call("GET", "/", ""), 404, "/v1/values")
}
