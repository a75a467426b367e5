// Package nettest has what tests of clusters on the loopback interface share.
package nettest

import (
	"testing"

	"abad/net/freeport"
)

// FreePorts finds n ports in a row, free for UDP and TCP, that are the test's until
// its end.
func FreePorts(t testing.TB, n int) (first int) {
	t.Helper()
	first, err := freeport.Take(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { freeport.Release(first) })
	return first
}

// FreeAddrs gives the addresses of n free ports.
func FreeAddrs(t testing.TB, n int) (addrs []string) {
	t.Helper()
	first := FreePorts(t, n)
	for i := range n {
		addrs = append(addrs, freeport.Addr(first+i))
	}
	return addrs
}
