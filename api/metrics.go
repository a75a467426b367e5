package api

import (
	"crypto/tls"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many scrapes may be under way: a pair of Prometheus servers, and
// somebody who looks. Each costs a walk over the store's files.
const maxScrapes = 4

// Labels of requests that reach no handler: for unknown paths, and for what [admit]
// keeps out.
const (
	otherRoute   = "other"
	refusedRoute = "refused"
)

// requests counts what clients asked for. Its labels are bounded: a route is a pattern
// of the table or one of the above; a code is a
// status, or "gone" if the client was so before its answer began.
type requests struct{ *prometheus.CounterVec }

func newRequests() requests {
	return requests{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "abad_api_requests_total", Help: "Requests to the HTTP API that have ended, by route and status.",
	}, []string{"route", "code"})}
}

// expect makes a route's first series, so that rates see its first request.
func (c requests) expect(route string) { c.WithLabelValues(route, strconv.Itoa(http.StatusOK)) }

func (c requests) note(route string, status int) {
	code := "gone"
	if status != 0 {
		code = strconv.Itoa(status)
	}
	c.WithLabelValues(route, code).Inc()
}

// register adds the API's own figures to those that it serves.
func (s *Server) register(registry *prometheus.Registry) error {
	inUse := func(name, help string, g *gauge) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "abad_api_" + name, Help: help},
			func() float64 { return float64(g.used.Load()) })
	}
	refused := func(limit string, g *gauge) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "abad_api_refused_total", Help: "Requests that got 429 because of a limit of the API itself, by limit.",
			ConstLabels: prometheus.Labels{"limit": limit},
		}, func() float64 { return float64(g.refused.Load()) })
	}
	expiry := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "abad_api_certificate_expiry_timestamp_seconds", Help: "When the API's certificate expires; 0 without one.",
	}, func() float64 { return expiry(s.conf.TLS) })
	for _, c := range []prometheus.Collector{
		expiry, refused("waiting", s.waiting), refused("bodies", s.bodies), refused("readers", s.readers),
		s.requests,
		inUse("waiting_submissions", "Submissions whose clients wait for a receipt.", s.waiting),
		inUse("body_bytes", "Bytes of request bodies in memory.", s.bodies),
		inUse("readers", "Readers of the log, pages and streams.", s.readers),
	} {
		if err := registry.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// expiry is when the certificate that a client would see now expires.
func expiry(conf *tls.Config) float64 {
	if conf == nil || conf.GetCertificate == nil {
		return 0
	}
	c, err := conf.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil || c == nil || c.Leaf == nil {
		return 0
	}
	return float64(c.Leaf.NotAfter.Unix())
}

// getMetrics answers a scrape.
func (s *Server) getMetrics(w *reply, r *http.Request) error {
	head(w, "text/plain") // with its version, which depends on what the client takes
	s.scraper.ServeHTTP(w, r)
	return nil
}

func newScraper(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}
