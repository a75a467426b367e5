package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"abad/api/wire"
)

// The API's documents, as package wire has them.
type (
	Receipt  = wire.Receipt
	Entry    = wire.Entry
	Page     = wire.Page
	Position = wire.Position
	Block    = wire.Block
	Status   = wire.Status
	Peer     = wire.Peer
)

// ParsePosition reads a position as people write it: "12" or "12.3".
func ParsePosition(text string) (Position, error) { return wire.ParsePosition(text) }

// Config says which node to talk to. Only URL is needed.
type Config struct {
	// URL of the node's API. Without a scheme it is http.
	URL string
	// Others are further nodes of the same cluster, which stand in when one cannot be
	// reached or has no room: a value goes to the next one under the same id, and is
	// in the log once. What is one node's own (votes, proposals, backups, the log's
	// level) goes to URL alone.
	Others []string
	// Connections that submissions may use at a time; further ones wait for one
	// of them. 0: 1024. Each costs a file descriptor here and there.
	Connections int
	// Attempts is how often in a row Submit and Stream try a node that cannot be
	// reached; 0: until ctx ends.
	Attempts int
	// Token that the node asks for; "": none. It is sent to https addresses and to
	// this machine only.
	Token string
	// RootCAs to trust for https; nil: the system's.
	RootCAs *x509.CertPool
}

// Client is safe for use by many goroutines.
type Client struct {
	nodes    nodes // URLs without a slash at the end
	attempts int
	submits  *http.Client // with connections of its own, so that readers never
	reads    *http.Client // wait for submissions
}

const (
	dialTimeout = 5 * time.Second
	// idleTimeout is under the server's two minutes, so that a request rarely meets
	// a connection that is just being closed.
	idleTimeout = 90 * time.Second
	maxHeader   = 64 << 10
)

// New makes a client. It does not connect.
func New(conf Config) (*Client, error) {
	c := &Client{attempts: conf.Attempts}
	for _, text := range append([]string{conf.URL}, conf.Others...) {
		base, err := parseURL(text)
		if err != nil {
			return nil, err
		}
		if err := conf.checkToken(base); err != nil {
			return nil, err
		}
		c.nodes.urls = append(c.nodes.urls, base)
	}
	if conf.Connections < 0 || conf.Attempts < 0 {
		return nil, fmt.Errorf("client config: Connections or Attempts is negative")
	}
	if conf.Connections == 0 {
		conf.Connections = 1024
	}
	c.submits, c.reads = pool(conf, conf.Connections), pool(conf, 0)
	return c, nil
}

// pool keeps up to so many connections open; 0: as many as are asked for.
func pool(conf Config, connections int) *http.Client {
	const idleReaders = 16
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment, // never for loopback
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		MaxConnsPerHost:        connections,
		MaxIdleConnsPerHost:    max(connections, idleReaders),
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: conf.RootCAs},
	}
	return &http.Client{
		Transport: bearer{transport, conf.Token},
		// The API does not redirect, and values should not go where anybody says.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close gives up connections that are not in use.
func (c *Client) Close() {
	c.submits.CloseIdleConnections()
	c.reads.CloseIdleConnections()
}

func parseURL(text string) (string, error) {
	full := text
	if !strings.Contains(full, "://") {
		full = "http://" + full
	}
	u, err := url.Parse(full)
	switch {
	case err != nil:
		return "", fmt.Errorf("api url %q: %w", text, err)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("api url %q: the scheme is http or https, not %q", text, u.Scheme)
	case u.Hostname() == "":
		return "", fmt.Errorf("api url %q: has no host", text)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "", fmt.Errorf("api url %q: has more than a scheme, a host and a path", text)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

var errToken = errors.New("client config: Token has a character that cannot be in a header")

// checkToken keeps a token from going where everybody on the way can read it.
func (c Config) checkToken(base string) error {
	if c.Token == "" {
		return nil
	}
	for _, b := range []byte(c.Token) {
		if b <= ' ' || b > '~' {
			return errToken
		}
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme == "https" {
		return err
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("api url %q: a token goes over https only: everybody on the way could read it", base)
}

// bearer shows a token with every request (RFC 6750, section 2.1).
type bearer struct {
	*http.Transport
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.Transport.RoundTrip(r)
}
