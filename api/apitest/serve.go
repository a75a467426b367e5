package apitest

import (
	"context"
	"net"
	"sync"
	"testing"

	"abad/api"
)

// Serve runs the API of conf.Node on a free port of loopback until stop or the
// test's end, and gives its URL.
func Serve(t testing.TB, conf api.Config) (url string, stop func()) {
	t.Helper()
	if conf.Listener == nil {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conf.Listener = ln
	}
	s, err := api.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("api: %v", err)
		}
	})
	t.Cleanup(stop)
	if conf.TLS != nil {
		return "https://" + conf.Listener.Addr().String(), stop
	}
	return "http://" + conf.Listener.Addr().String(), stop
}
