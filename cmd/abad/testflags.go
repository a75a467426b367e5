package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"time"

	"github.com/urfave/cli/v2"

	"abad/api"
	"abad/home"
	"abad/net/netem"
	"abad/node"
)

// Hidden flags of abad start, for tests and benchmarks. A node without them is
// untouched.
const (
	flagNetwork   = "test-network"   // a file with delays and losses, as package netem reads it
	flagProfiles  = "test-profiles"  // a loopback address that serves profiles
	flagForgetful = "test-forgetful" // no journal, no syncs: to measure what they cost
)

func testFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: flagNetwork, Hidden: true},
		&cli.StringFlag{Name: flagProfiles, Hidden: true},
		&cli.BoolFlag{Name: flagForgetful, Hidden: true},
	}
}

// underTest puts the network of a test between a node and its socket.
func underTest(c *cli.Context, h *home.Home, conf node.Config) (node.Config, error) {
	conf.Forgetful = c.Bool(flagForgetful)
	file := c.String(flagNetwork)
	if file == "" {
		return conf, nil
	}
	var err error
	conf.Wrap, err = testNetwork(file, h)
	return conf, err
}

func testNetwork(file string, h *home.Home) (func(net.PacketConn) net.PacketConn, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	network, err := netem.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var addrs []string
	for _, n := range h.Roster.Nodes {
		addrs = append(addrs, n.Addr)
	}
	wrap, err := network.Wrap(int(h.Self), addrs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return wrap, nil
}

// One in so many events of a mutex, and those of a block of so many nanoseconds,
// are in the profiles.
const (
	mutexFraction = 100
	blockRate     = 100_000
)

// listenForProfiles takes a loopback address for the profiles of this process; it
// does nothing without one.
func listenForProfiles(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return api.Listen(address)
}

// serveProfiles serves them until ctx ends; it does nothing without a listener.
func serveProfiles(ctx context.Context, ln net.Listener) error {
	if ln == nil {
		return nil
	}
	runtime.SetMutexProfileFraction(mutexFraction)
	runtime.SetBlockProfileRate(blockRate)
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { srv.Close() })()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
