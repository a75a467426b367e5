package soak

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"abad/net/nettest"
)

// relays stand in front of nodes and pass packets on, so that links can be cut.
// Of two nodes the higher one dials, so the relay in front of the lower one sees
// the whole link.
type relays struct {
	cut   [][]atomic.Bool // [lower][higher]: nothing passes
	nodes map[string]int  // by the address a node sends from
}

// relay puts a relay in front of every node of a cluster that does not run yet:
// the nodes listen elsewhere, and their addresses in the roster lead here.
func (c *cluster) relay() *relays {
	c.t.Helper()
	n := len(c.nodes)
	r := &relays{cut: make([][]atomic.Bool, n), nodes: map[string]int{}}
	behind := nettest.FreePorts(c.t, n)
	for i, d := range c.nodes {
		r.cut[i] = make([]atomic.Bool, n)
		to := fmt.Sprint("127.0.0.1:", behind+i)
		r.nodes[to] = i
		front := setConfig(c.t, d.home, "listen", to)
		defer r.run(c.t, i, front, to)
	}
	return r
}

func (r *relays) set(i, j int, cut bool) { r.cut[min(i, j)][max(i, j)].Store(cut) }

func (r *relays) run(t *testing.T, node int, front, to string) {
	t.Helper()
	socket, err := net.ListenPacket("udp", front)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { r.forward(t, &running, node, socket, to) })
	t.Cleanup(func() { socket.Close(); running.Wait() })
}

// forward passes on what peers send, each over a socket of its own, so that the
// answers find their way back.
func (r *relays) forward(t *testing.T, running *sync.WaitGroup, node int, socket net.PacketConn, to string) {
	backs := map[string]net.Conn{}
	defer func() {
		for _, back := range backs {
			back.Close()
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		size, from, err := socket.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		peer, known := r.nodes[from.String()]
		if err != nil || !known || r.cut[node][peer].Load() {
			continue
		}
		back := backs[from.String()]
		if back == nil {
			if back, err = net.Dial("udp", to); err != nil {
				t.Error(err)
				return
			}
			backs[from.String()] = back
			running.Go(func() { r.answer(socket, back, from, node, peer) })
		}
		back.Write(buf[:size]) // what is lost is sent again
	}
}

func (r *relays) answer(socket net.PacketConn, back net.Conn, to net.Addr, node, peer int) {
	buf := make([]byte, 64<<10)
	for {
		size, err := back.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && !r.cut[node][peer].Load() {
			socket.WriteTo(buf[:size], to)
		}
	}
}
