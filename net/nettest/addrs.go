// Package nettest has what tests of clusters on the loopback interface share.
package nettest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// FreeAddrs finds n UDP addresses that nobody has now. Their ports are below those
// that the system gives to sockets without one, so that nobody gets them by chance
// while a node is down.
func FreeAddrs(t testing.TB, n int) (addrs []string) {
	t.Helper()
	for range 100 * n {
		conn, err := net.ListenPacket("udp", fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000)))
		if err != nil {
			continue
		}
		defer conn.Close() // all at the end, so that no two are the same
		if addrs = append(addrs, conn.LocalAddr().String()); len(addrs) == n {
			return addrs
		}
	}
	t.Fatal("no free ports")
	return nil
}
