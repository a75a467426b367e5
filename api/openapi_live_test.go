package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	validator "github.com/pb33f/libopenapi-validator"
	"github.com/prometheus/client_golang/prometheus"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
	"abad/node"
)

func fullConfig(n *node.Node) api.Config {
	return api.Config{Node: api.Of(n), Proofs: n, Backup: n, Decisions: n, Agreements: n, Watch: n, Metrics: prometheus.NewRegistry(), Level: new(slog.LevelVar), Profiles: true}
}

// closed lets no object have members that are not described.
func closed(v any) {
	switch v := v.(type) {
	case object:
		if _, isSchema := v["properties"].(object); isSchema && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			closed(child)
		}
	case []any:
		for _, child := range v {
			closed(child)
		}
	}
}

// live asks a running node and holds its answers against the description.
type live struct {
	*testing.T
	url       string
	check     validator.Validator
	succeeded []string // methods and paths
}

func (l *live) ask(method, path, body string, status int, headers ...string) []byte {
	l.Helper()
	request := func() *http.Request {
		r, err := http.NewRequest(method, l.url+path, strings.NewReader(body))
		if err != nil {
			l.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	resp, err := http.DefaultClient.Do(request())
	if err != nil {
		l.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		l.Fatal(err)
	}
	if resp.StatusCode != status {
		l.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, status, data)
	}
	if status < 300 {
		asked, _, _ := strings.Cut(method+" "+path, "?")
		l.succeeded = append(l.succeeded, asked)
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	if ok, errs := l.check.ValidateHttpResponse(request(), resp); !ok {
		for _, e := range errs {
			l.Errorf("%s %s: %d is not as described: %s: %s\n%.2000s", method, path, status, e.Message, e.Reason, data)
			for _, se := range e.SchemaValidationErrors {
				l.Errorf("  %s: %s", se.KeywordLocation, se.Reason)
			}
		}
	}
	return data
}

// What a running node answers is as described.
func TestDescriptionIsTrue(t *testing.T) {
	n := single(t)
	url, _ := apitest.Serve(t, fullConfig(n))
	spec := readSpec(t)
	closed(spec)
	l := &live{T: t, url: url, check: load(t, spec)}

	receipt := decode[wire.Receipt](t, l.ask("POST", "/v1/values", "hello", 200))
	l.ask("POST", "/v1/values?wait=false", `{"text":"later"}`, 202, "Content-Type", "application/json")
	l.ask("POST", "/v1/values?wait=maybe", "hello", 400)
	l.ask("POST", "/v1/values", "hello", 400, "Idempotency-Key", "x")
	l.ask("POST", "/v1/values", "other", 409, "Idempotency-Key", receipt.ID.String())
	l.ask("POST", "/v1/values", "", 422)
	l.ask("POST", "/v1/values", strings.Repeat("x", 1<<20+1), 413)
	l.ask("POST", "/v1/values", "x", 415, "Content-Encoding", "br")
	l.ask("POST", "/v1/values", "x", 403, "Origin", "https://evil.example")
	if err := n.WaitCertificate(t.Context(), receipt.Block); err != nil {
		t.Fatal(err)
	}
	proof := decode[wire.Proof](t, l.ask("GET", "/v1/values/"+receipt.ID.String()+"/proof", "", 200))
	l.ask("GET", "/v1/values/"+strings.Repeat("0", 32)+"/proof", "", 404)
	l.ask("GET", "/v1/blocks/1", "", 200)
	l.ask("GET", "/v1/blocks/1000", "", 404)
	l.ask("GET", "/v1/blocks/1/certificate", "", 200)
	l.ask("GET", "/v1/log?from=1&limit=10", "", 200)
	l.ask("GET", "/v1/log?from=x", "", 400)
	l.ask("GET", "/v1/log/"+(wire.Position{Block: proof.Block, Index: proof.Index}).String()+"/check", "", 200)
	l.ask("POST", "/v1/decisions/attack?wait=30s", `{"vote":true}`, 200)
	l.ask("POST", "/v1/decisions/attack", `{"vote":false}`, 409)
	l.ask("GET", "/v1/decisions/attack", "", 200)
	l.ask("GET", "/v1/decisions/defence", "", 404)
	l.ask("GET", "/v1/decisions", "", 200)
	l.ask("DELETE", "/v1/decisions/attack", "", 204)
	l.ask("DELETE", "/v1/decisions/attack", "", 410)
	l.ask("GET", "/v1/decisions/attack?wait=30s", "", 410)
	l.ask("POST", "/v1/decisions/attack", `{"vote":true}`, 410)
	l.ask("POST", "/v1/agreements/when?wait=30s", "dawn", 200)
	l.ask("GET", "/v1/agreements/when", "", 200)
	l.ask("GET", "/v1/agreements/where", "", 404)
	l.ask("GET", "/v1/beacon/latest", "", 200)
	hint := decode[wire.Error](t, l.ask("GET", "/"+strings.Repeat("0", 64)+"/info", "", 404)).Hint
	chain := decode[wire.Chain](t, l.ask("GET", hint[strings.Index(hint, "/"):], "", 200))
	l.ask("GET", "/"+chain.Hash+"/public/latest", "", 200)
	for _, path := range []string{"/v1/status", "/v1/stats", "/v1/epochs", "/v1/activity", "/v1/links", "/v1/openapi.json", "/healthz", "/readyz"} {
		l.ask("GET", path, "", 200)
	}
	l.ask("GET", "/v1/backup", "", 200)
	l.ask("GET", "/metrics", "", 200)
	l.ask("PUT", "/v1/log/level", `{"level":"debug"}`, 200, "Content-Type", "application/json")
	l.ask("PUT", "/v1/log/level", `{"level":"loud"}`, 400, "Content-Type", "application/json")
	l.ask("GET", "/v1/log/level", "", 200)
	l.ask("GET", "/debug/pprof/", "", 200)
	l.ask("GET", "/debug/pprof/goroutine?debug=1", "", 200)
	l.ask("GET", "/debug/pprof/nothing", "", 404)
	l.ask("GET", "/debug/pprof/profile?seconds=61", "", 400)
	l.ask("POST", "/v1/values/stream", string(wire.AppendValue(nil, receipt.ID, []byte("hello"))), 200, "Content-Type", wire.StreamType)
	l.all(spec, "GET /v1/log/stream") // which has no end, and tests of its own
}

// all reports operations that were never seen to succeed.
func (l *live) all(spec object, but ...string) {
	for path, item := range spec["paths"].(object) {
		for method := range item.(object) {
			name := strings.ToUpper(method) + " " + path
			if !slices.ContainsFunc(l.succeeded, func(asked string) bool { return matches(name, asked) }) && !slices.Contains(but, name) {
				l.Errorf("%s is described, and no answer of a running node was held against that: ask for it in this test", name)
			}
		}
	}
}

// matches reports whether a request is one of a template.
func matches(template, asked string) bool {
	want, got := strings.Split(template, "/"), strings.Split(asked, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") })
}
