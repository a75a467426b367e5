package node

import (
	stdnet "net"
	"sync/atomic"
	"testing"
	"time"

	"abad/net"
)

// switched is a socket that loses every packet while it is off.
type switched struct {
	stdnet.PacketConn
	off *atomic.Bool
}

func (s switched) ReadFrom(p []byte) (int, stdnet.Addr, error) {
	for {
		n, addr, err := s.PacketConn.ReadFrom(p)
		if err != nil || !s.off.Load() {
			return n, addr, err
		}
	}
}

func (s switched) WriteTo(p []byte, addr stdnet.Addr) (int, error) {
	if s.off.Load() {
		return len(p), nil
	}
	return s.PacketConn.WriteTo(p, addr)
}

// A node that nobody can reach for longer than its links live is missed by nobody,
// and when it can be reached again it comes back by itself, with what its clients
// gave it meanwhile.
func TestUnreachableForAWhile(t *testing.T) {
	c := newCluster(t, 4)
	var off atomic.Bool
	for i := range c.confs {
		c.confs[i].hooks.timing = net.Timing{KeepAlive: time.Second, IdleTimeout: 5 * time.Second, Handshake: 500 * time.Millisecond, BackoffMax: time.Second}
	}
	c.confs[2].Wrap = func(conn stdnet.PacketConn) stdnet.PacketConn { return switched{conn, &off} }
	c.startAll()
	c.submitAll(0, 20, 0, 1, 2, 3)
	off.Store(true)
	ticket, err := c.nodes[2].Enqueue(time.Now(), value(20))
	if err != nil {
		t.Fatal(err)
	}
	c.submitAll(21, 100, 0, 1, 3)
	for gone := 0; gone < 3; { // until all links are down
		s, err := c.nodes[2].Status(within(t))
		if err != nil {
			t.Fatal(err)
		}
		gone = 0
		for _, p := range s.Peers {
			if !p.Up {
				gone++
			}
		}
		if _, err := c.nodes[0].Submit(within(t), value(100)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-ticket.fate.known:
		t.Error("a value was decided at a node that reaches nobody")
	default:
	}
	off.Store(false)
	if _, err := ticket.Wait(within(t), 0); err != nil {
		t.Fatal(err)
	}
	c.sameLogs(101, 0, 1, 2, 3)
	c.noFaults(0, 1, 2, 3)
}
