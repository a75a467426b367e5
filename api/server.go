package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// Deadlines of a connection. They free what a slow or silent client holds; one
// that is served has none as a whole, since a submission waits as long as it asks.
const (
	// headerTimeout is generous for 16 KiB, and short enough that half-open
	// requests cannot hold connections for long.
	headerTimeout = 10 * time.Second
	// readTimeout lets a body of 1 MiB come in at 35 kB/s.
	readTimeout = 30 * time.Second
	// refuseTimeout is for the rest of a body that was refused: net/http reads up to
	// 256 KiB of it before it sends the answer, so that clients that write first see it.
	refuseTimeout = time.Second
	// writeTimeout lets a piece of the log, or one value of 1 MiB in base64, leave
	// at 50 kB/s.
	writeTimeout = 30 * time.Second
	// idleTimeout is over the 90 s after which Go's own clients let go of an
	// idle connection, so that a request never meets our closing.
	idleTimeout = 2 * time.Minute
	// stopTimeout is what answers get to leave when the server stops. Waiting
	// submissions and streams end at once.
	stopTimeout = 2 * time.Second
)

// maxHeader is room for long cookies of other services on the same host, which
// browsers send to all ports.
const maxHeader = 16 << 10

// errStopping is why the contexts of requests end when the server stops.
var errStopping = errors.New("the API is stopping")

// Server serves one node. Create it with [New]; Run it once.
type Server struct {
	conf    Config
	handler http.Handler
	log     *slog.Logger

	waiting *gauge // submissions
	bodies  *gauge // bytes
	readers *gauge // pages and streams
	short   *gauge // all other requests
	blocks  *blocks
	origins *http.CrossOriginProtection

	profiling *gauge

	requests requests
	scraper  http.Handler // of the metrics; nil: there are none

	running sync.RWMutex // held for reading by every request
	stopped bool
}

// New makes a server and starts nothing. Its errors name the field.
func New(conf Config) (*Server, error) {
	conf = conf.withDefaults()
	if err := conf.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		conf:    conf,
		log:     conf.Log,
		waiting: newGauge(int64(conf.Limits.Waiting)),
		bodies:  newGauge(max(conf.Limits.Bodies, largestCost(conf.Node.Limits().MaxValue))),
		readers: newGauge(int64(conf.Limits.Readers)),
		short:   newGauge(int64(conf.Limits.Requests)),
		origins: http.NewCrossOriginProtection(),

		profiling: newGauge(1),

		requests: newRequests(),
	}
	s.blocks = newBlocks(conf.Node, s.crowded)
	for _, origin := range conf.Origins {
		if err := s.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("api config: Origins: %w", err)
		}
	}
	if conf.Metrics != nil {
		if err := s.register(conf.Metrics); err != nil {
			return nil, fmt.Errorf("api config: Metrics: %w", err)
		}
		s.scraper = newScraper(conf.Metrics)
	}
	s.handler = s.guard(s.routes())
	return s, nil
}

// ServeHTTP answers one request, as [Server.Run] has it done for all that come.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Run serves until ctx ends, then lets answers leave and returns nil when no
// request is left. It returns an error when it cannot listen.
func (s *Server) Run(ctx context.Context) error {
	ln := s.conf.Listener
	if ln == nil {
		var err error
		if ln, err = s.conf.Open(); err != nil {
			return err
		}
	}
	limited := netutil.LimitListener(ln, s.conf.Limits.Connections)
	if s.conf.TLS != nil {
		limited = tls.NewListener(limited, s.conf.TLS)
	}
	base, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(limited) }()
	s.log.Info("api is listening", "addr", ln.Addr().String())

	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		served <- err
	}
	stop(errStopping)
	s.shutdown(srv)
	s.leave()
	<-served
	return err
}

// shutdown closes idle connections and gives the others a moment for their answers.
func (s *Server) shutdown(srv *http.Server) {
	grace, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		s.log.Debug("api closes connections that did not finish", "err", err)
		srv.Close()
	}
}

// leave waits for the requests that are being served, and lets no other begin: a
// connection may have read one just before it was closed.
func (s *Server) leave() {
	s.running.Lock()
	defer s.running.Unlock()
	s.stopped = true
}
