package page

import (
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, handlers map[string]http.Handler, where string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	h, ok := handlers[where]
	if !ok {
		t.Fatalf("nothing is at %s", where)
	}
	r := httptest.NewRequest(http.MethodGet, where, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHeaders(t *testing.T) {
	handlers := Handlers()
	if len(handlers) < 10 {
		t.Fatalf("%d files", len(handlers))
	}
	for where := range handlers {
		w := get(t, handlers, where)
		h := w.Header()
		if w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("%s: %d with %d bytes", where, w.Code, w.Body.Len())
		}
		if h.Get("Content-Type") == "" || h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", where, h)
		}
		again := get(t, handlers, where, "If-None-Match", h.Get("ETag"))
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s: what the browser has comes again: %d", where, again.Code)
		}
	}
	for _, loose := range []string{"unsafe", "*", "http:", "https:", "data:"} {
		if strings.Contains(policy, loose) {
			t.Errorf("the policy allows %q", loose)
		}
	}
}

// Nothing is fetched from elsewhere, nothing is markup made of text, and every file
// and element that a script names is there.
func TestFilesFitTogether(t *testing.T) {
	handlers := Handlers()
	index := get(t, handlers, "/").Body.String()
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`id="([^"]+)"`).FindAllStringSubmatch(index, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %q", m[1])
		}
		ids[m[1]] = true
	}
	elsewhere := regexp.MustCompile(`(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}`)
	for where := range handlers {
		text := get(t, handlers, where).Body.String()
		for _, url := range elsewhere.FindAllString(text, -1) {
			if url != "http://www.w3.org" { // the name of SVG, never fetched
				t.Errorf("%s names %s", where, url)
			}
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="(/[^"]*)"|from "\./([^"]+)"`).FindAllStringSubmatch(text, -1) {
			if target := m[1] + path.Join("/page/", m[2]); m[2] == "" && handlers[m[1]] == nil || m[2] != "" && handlers[target] == nil {
				t.Errorf("%s needs %s%s, which is not there", where, m[1], m[2])
			}
		}
		if path.Ext(where) != ".js" {
			continue
		}
		for _, m := range regexp.MustCompile(`byID\("([^"]+)"\)`).FindAllStringSubmatch(text, -1) {
			if !ids[m[1]] {
				t.Errorf("%s wants the element %q, which is not there", where, m[1])
			}
		}
		for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "localStorage", "javascript:"} {
			if strings.Contains(text, sink) {
				t.Errorf("%s uses %s", where, sink)
			}
		}
	}
	if regexp.MustCompile(`(?i)<script>|<style|\son[a-z]+=|\sstyle=`).MatchString(index) {
		t.Error("the document has code or style in it, which its policy forbids")
	}
}
