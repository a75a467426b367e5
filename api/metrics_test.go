package api_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"abad/access"
	"abad/access/certtest"
	"abad/api"
	"abad/api/apitest"
)

// Requests are counted by route and status, never by what a client chooses.
func TestRequestsAreCounted(t *testing.T) {
	url, _ := apitest.Serve(t, api.Config{Node: apitest.New(), Metrics: prometheus.NewRegistry()})
	ask := func(method, path, host, body string) string {
		req, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			req.Host = host
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	ask("POST", "/v1/values", "", "a value")
	ask("POST", "/v1/values", "", "another")
	ask("POST", "/v1/values", "", "")
	ask("GET", "/v1/blocks/1", "", "")
	ask("GET", "/v1/blocks/77", "", "")
	ask("DELETE", "/v1/log", "", "")
	ask("GET", "/no/such/path", "", "")
	ask("GET", "/v1/status", "evil.example", "")
	text := ask("GET", "/metrics", "", "")
	for _, line := range []string{
		`abad_api_requests_total{code="200",route="/v1/values"} 2`,
		`abad_api_requests_total{code="422",route="/v1/values"} 1`,
		`abad_api_requests_total{code="200",route="/v1/blocks/{height}"} 1`,
		`abad_api_requests_total{code="404",route="/v1/blocks/{height}"} 1`,
		`abad_api_requests_total{code="405",route="/v1/log"} 1`,
		`abad_api_requests_total{code="404",route="other"} 1`,
		`abad_api_requests_total{code="421",route="refused"} 1`,
		"abad_api_waiting_submissions 0",
		"abad_api_body_bytes 0",
		"abad_api_readers 0",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	for _, outside := range []string{"evil", "77", "no/such"} {
		if strings.Contains(text, outside) {
			t.Errorf("a client's %q has become a label", outside)
		}
	}
}

// The certificate's end is known before clients meet it, and 0 says that there is none.
func TestCertificateExpiry(t *testing.T) {
	ends := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	chain, key := certtest.Files(t, t.TempDir(), "api", ends)
	certificate, err := access.LoadCertificate(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	served := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate, nil }}
	for _, c := range []struct {
		conf *tls.Config
		want float64
	}{{nil, 0}, {&tls.Config{}, 0}, {served, float64(ends.Unix())}} {
		registry := prometheus.NewRegistry()
		if _, err := api.New(api.Config{Node: apitest.New(), TLS: c.conf, Metrics: registry}); err != nil {
			t.Fatal(err)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range families {
			if f.GetName() == "abad_api_certificate_expiry_timestamp_seconds" {
				found = true
				if got := f.Metric[0].GetGauge().GetValue(); got != c.want {
					t.Errorf("%v, want %v", got, c.want)
				}
			}
		}
		if !found {
			t.Error("it is not told")
		}
	}
}
