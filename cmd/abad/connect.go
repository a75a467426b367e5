package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"abad/client"
	"abad/home"
)

// defaultAPI is where the first node of a cluster made with the default ports
// serves.
const defaultAPI = "http://127.0.0.1:7500"

func apiFlag() cli.Flag {
	return &cli.StringFlag{Name: "api", Value: defaultAPI, EnvVars: []string{"ABAD_API"}, Usage: "`URL` of a node's API; with more after commas, one stands in for another"}
}

func tokenFlag() cli.Flag {
	return &cli.StringFlag{Name: "token", EnvVars: []string{"ABAD_TOKEN"}, Usage: "`TOKEN` for the API, from abad token new (better in ABAD_TOKEN: others see command lines)"}
}

func caFlag() cli.Flag {
	return &cli.StringFlag{Name: "ca", TakesFile: true, EnvVars: []string{"ABAD_CA"}, Usage: "`FILE` with the certificates to trust for https, besides the system's"}
}

// ownURL is where a program on the node's machine finds its API.
func ownURL(h *home.Home) string {
	scheme, address := "http://", h.Config.API
	if h.Config.Access.Certificate != "" {
		scheme = "https://"
	}
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
			address = net.JoinHostPort("localhost", port)
		}
	}
	return scheme + address
}

// reachable gives every command that talks to an API what it takes to be let in.
func reachable(commands []*cli.Command) {
	for _, c := range commands {
		for _, f := range c.Flags {
			if f.Names()[0] == "api" {
				c.Flags = append(c.Flags,
					tokenFlag(),
					caFlag())
				break
			}
		}
		reachable(c.Subcommands)
	}
}

func newClient(c *cli.Context) (*client.Client, error) {
	api, err := clientAt(c, c.String("api"))
	var usage usageError
	if err != nil && !errors.As(err, &usage) {
		return nil, usageError{fmt.Errorf("--api: %w", err)}
	}
	return api, err
}

// clientAt talks to the node at url, or at several with commas. It is let in by --token and --ca.
func clientAt(c *cli.Context, url string) (*client.Client, error) {
	conf, err := letIn(c)
	if err != nil {
		return nil, err
	}
	urls := strings.Split(url, ",")
	conf.URL, conf.Others = urls[0], urls[1:]
	return client.New(conf)
}

// letIn is what --token and --ca say.
func letIn(c *cli.Context) (client.Config, error) {
	conf := client.Config{Token: c.String("token")}
	if name := c.String("ca"); name != "" {
		pool, err := trusted(name)
		if err != nil {
			return conf, usageError{fmt.Errorf("--ca: %w", err)}
		}
		conf.RootCAs = pool
	}
	return conf, nil
}

// trusted are the system's certificates and those of a file.
func trusted(name string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without any
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s has no certificate in PEM", name)
	}
	return pool, nil
}

// apiError puts an error of the client into our words and adds what can be done.
func apiError(url string, err error) error {
	var unsettled *client.Unsettled
	var refused *client.Error
	var untrusted *tls.CertificateVerificationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unsettled):
		return hintf(err, "submit it again with --id %s to find out: it will be in the log once", unsettled.ID)
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		return hintf(errors.New(plain([]byte(refused.Message))), "give one with --token or ABAD_TOKEN; whoever runs the node makes it with abad token new")
	case errors.As(err, &untrusted):
		return hintf(err, "if the certificate is the node's own, give it with --ca or ABAD_CA")
	case errors.As(err, &refused):
		err = errors.New(plain([]byte(refused.Message)))
		if refused.Hint != "" {
			err = hintf(err, "%s", plain([]byte(refused.Hint)))
		}
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return hintf(fmt.Errorf("no node answers at %s: %w", url, syscall.ECONNREFUSED),
			"start one with abad local, or give its URL with --api or ABAD_API")
	}
	if hint := client.Hint(err); hint != "" {
		return hintf(err, "%s", hint)
	}
	return err
}

// pause waits for a moment, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
