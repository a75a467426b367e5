package api

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// ErrNotLoopback refuses an address that other machines can reach.
var ErrNotLoopback = errors.New("is not a loopback address; other machines can reach it, " +
	"so it needs TLS and a token (or use 127.0.0.1, [::1] or localhost)")

// ErrNoToken refuses such an address with TLS while nobody has a token.
var ErrNoToken = errors.New("can be reached from other machines, and no token keeps them out")

// Listen opens the API's socket. It refuses what is not on loopback with
// [ErrNotLoopback], and names the address when it is in use.
func Listen(address string) (net.Listener, error) {
	if err := checkLoopback(address); err != nil {
		return nil, err
	}
	ln, err := listen(address)
	if err != nil {
		return nil, err
	}
	// The name localhost is resolved by a file that may say anything.
	if err := checkLoopback(ln.Addr().String()); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// listen is Listen for any address.
func listen(address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("api address %q is in use, is another node running there?: %w", address, err)
	case err != nil:
		return nil, fmt.Errorf("api address %q: %w", address, err)
	}
	return ln, nil
}

func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("api address %q: %w", address, err)
	}
	if !loopback(host) {
		return fmt.Errorf("api address %q %w", address, ErrNotLoopback)
	}
	return nil
}

// loopback reports whether host is an address of this machine alone or the name
// that RFC 6761 section 6.3 reserves for one.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
