package home

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
)

// Access says who may use the API.
type Access struct {
	// Certificate and Key are PEM files for TLS. Default: none, plain HTTP, which
	// works on loopback only.
	Certificate, Key string
	// Tokens is the file with the hashes of tokens. Default tokens.toml. While
	// there is none, everybody on this machine may use the API.
	Tokens string
	// Origins are those of web pages, like https://ops.example.org, that may use
	// the API from a browser. Default: none.
	Origins []string
}

// TokensFile is where a home keeps the hashes of its tokens.
const TokensFile = "tokens.toml"

// maxOrigins is more dashboards than anybody has.
const maxOrigins = 64

func (t *table) access() Access {
	var a Access
	a.Certificate, _ = optional[string](t, "certificate", aText)
	a.Key, _ = optional[string](t, "key", aText)
	switch {
	case a.Certificate != "" && a.Key == "":
		t.wrong("certificate", "needs a key too: key = \"api.key\"")
	case a.Key != "" && a.Certificate == "":
		t.wrong("key", "needs a certificate too: certificate = \"api.crt\"")
	}
	a.Tokens, _ = optional[string](t, "tokens", aText)
	origins, _ := optional[[]any](t, "origins", "a list of texts")
	if len(origins) > maxOrigins {
		t.wrong("origins", "%d are more than %d", len(origins), maxOrigins)
	}
	for _, v := range origins {
		origin, ok := as[string](t, "origins", "a list of texts", v)
		if err := checkOrigin(origin); ok && err != nil {
			t.wrong("origins", "%w", err)
		}
		a.Origins = append(a.Origins, origin)
	}
	return a
}

// checkOrigin takes scheme://host[:port] as a browser spells it (RFC 6454, section
// 6.2).
func checkOrigin(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != text {
		return fmt.Errorf("%.100q is not an origin like https://ops.example.org", text)
	}
	return nil
}

var errPlain = errors.New("other machines can reach this address, and values and tokens would cross the network in the clear: " +
	"give a certificate and a key in [access], or an address on 127.0.0.1")

// checkExposed refuses an API that others can reach without TLS.
func (c Config) checkExposed(top *table) {
	host, _, err := net.SplitHostPort(c.API)
	if err == nil && !local(host) && c.Access.Certificate == "" {
		top.wrong("api", "%w", errPlain)
	}
}

// In makes the paths those of a home, with the default file of tokens.
func (a Access) In(dir string) Access {
	if a.Tokens == "" {
		a.Tokens = TokensFile
	}
	for _, path := range []*string{&a.Certificate, &a.Key, &a.Tokens} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	return a
}
