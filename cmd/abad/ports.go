package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Where free ports are looked for: below the range from which Linux gives ports
// to outgoing connections (32768 up), so that none of those takes a port between
// the look and the use.
const (
	portsFrom  = 20000
	portsUntil = 32000
	portTries  = 100
)

// ports are the first ports of a cluster: node i has peer+i and api+i.
type ports struct{ peer, api int }

// free reports whether all ports of n nodes can be bound on loopback now.
func (p ports) free(n int) bool {
	for i := range n {
		udp, err := net.ListenPacket("udp", loopback(p.peer+i))
		if err != nil {
			return false
		}
		defer udp.Close()
		tcp, err := net.Listen("tcp", loopback(p.api+i))
		if err != nil {
			return false
		}
		defer tcp.Close()
	}
	return true
}

// freePorts picks ports at random until n nodes can have them.
func freePorts(n int) (ports, error) {
	for range portTries {
		first := portsFrom + rand.IntN(portsUntil-portsFrom-2*n)
		if p := (ports{peer: first, api: first + n}); p.free(n) {
			return p, nil
		}
	}
	return ports{}, fmt.Errorf("no %d free ports in a row between %d and %d", 2*n, portsFrom, portsUntil)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
