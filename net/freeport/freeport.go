// Package freeport finds ports of the loopback interface for processes that are yet
// to start, in such a way that no two programs that ask here get the same ones.
//
// A port that is free when one looks may be another's when it is used: that takes a
// moment, or minutes while a node is down. So the ports are in blocks, and who takes
// a block listens on its guard, a port of its own, for as long as it may need it.
// The kernel gives the guard up when the process ends, however it ends.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// All ports lie below the range from which Linux gives ports to sockets without one
// (32768 up), so that none of those gets one by chance.
const (
	blockSize   = 32
	firstGuard  = 10000
	blocks      = 660
	firstPort   = firstGuard + blocks
	takeTries   = 1000
	maxTogether = 1024 // ports in one call
)

// taken has the guards of this process by the first port that they stand for. It also
// keeps them from the garbage collector, which would close them.
var taken = struct {
	sync.Mutex
	guards map[int][]net.Listener
}{guards: map[int][]net.Listener{}}

// Take finds n ports in a row that are free for UDP and TCP and gives the first one.
// They are the caller's until Release, or until the process ends.
func Take(n int) (first int, err error) {
	if n < 1 || n > maxTogether {
		return 0, fmt.Errorf("%d ports: 1 to %d can be had together", n, maxTogether)
	}
	count := (n + blockSize - 1) / blockSize
	for range takeTries {
		block := rand.IntN(blocks - count + 1)
		guards := guard(block, count)
		if guards == nil {
			continue
		}
		first := firstPort + block*blockSize
		if !Free(first, n) {
			closeAll(guards)
			continue
		}
		taken.Lock()
		taken.guards[first] = guards
		taken.Unlock()
		return first, nil
	}
	return 0, fmt.Errorf("no %d free ports in a row between %d and %d", n, firstPort, firstPort+blocks*blockSize)
}

// Release gives the ports back that Take found.
func Release(first int) {
	taken.Lock()
	guards := taken.guards[first]
	delete(taken.guards, first)
	taken.Unlock()
	closeAll(guards)
}

// Free reports whether n ports can be bound now, for UDP and TCP.
func Free(first, n int) bool {
	for port := first; port < first+n; port++ {
		udp, err := net.ListenPacket("udp", Addr(port))
		if err != nil {
			return false
		}
		defer udp.Close()
		tcp, err := net.Listen("tcp", Addr(port))
		if err != nil {
			return false
		}
		defer tcp.Close()
	}
	return true
}

// Addr is the address of a port on loopback.
func Addr(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// guard takes the guards of some blocks: all, or none and nil.
func guard(block, count int) []net.Listener {
	var guards []net.Listener
	for i := range count {
		l, err := net.Listen("tcp", Addr(firstGuard+block+i))
		if err != nil {
			closeAll(guards)
			return nil
		}
		guards = append(guards, l)
	}
	return guards
}

func closeAll(guards []net.Listener) {
	for _, l := range guards {
		l.Close()
	}
}
