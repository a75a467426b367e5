package net

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

// rawPeer speaks QUIC with a key of its own choice, and then whatever the test
// wants: it is how a faulty node looks from outside.
type rawPeer struct {
	t    testing.TB
	conn *quic.Conn
	ctrl *quic.Stream
}

// rawDial connects to node 0 with a key.
func (c *testCluster) rawDial(key ed25519.PrivateKey) (*rawPeer, error) {
	c.t.Helper()
	return c.rawDialTo(0, key)
}

func (c *testCluster) rawDialTo(id bft.ID, key ed25519.PrivateKey) (*rawPeer, error) {
	c.t.Helper()
	who, err := newIdentity(Config{Self: 1, Key: key, Peers: c.peers})
	if err != nil {
		c.t.Fatal(err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	tr := &quic.Transport{Conn: socket}
	c.t.Cleanup(func() { tr.Close(); socket.Close() })
	addr, err := net.ResolveUDPAddr("udp", c.peers[id].Addr)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	timing := c.config(0).withDefaults().Timing
	timing.Handshake = patience // a node's own may be what is tested
	conn, err := tr.Dial(ctx, addr, who.dialing(id), quicConfig(timing))
	if err != nil {
		return nil, err
	}
	c.t.Cleanup(func() { conn.CloseWithError(0, "") })
	ctrl, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	return &rawPeer{c.t, conn, ctrl}, nil
}

// rawLink is rawDial with node 1's key and a right HELLO.
func (c *testCluster) rawLink() *rawPeer {
	c.t.Helper()
	r, err := c.rawDial(c.keys[1])
	if err != nil {
		c.t.Fatal(err)
	}
	r.write(hello{Version: version, Cluster: bft.Sum([]byte("cluster")), Era: 7, Node: 1}.encode())
	if _, err := r.readFrame(); err != nil {
		c.t.Fatalf("no HELLO: %v", err)
	}
	return r
}

func (r *rawPeer) write(data []byte) {
	if _, err := r.ctrl.Write(data); err != nil {
		r.t.Logf("write: %v", err)
	}
}

func (r *rawPeer) readFrame() ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r.ctrl, length[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(r.ctrl, body)
	return body, err
}

// closed waits for the end of the connection and gives its cause.
func (r *rawPeer) closed() error {
	select {
	case <-r.conn.Context().Done():
		return context.Cause(r.conn.Context())
	case <-time.After(patience):
		r.t.Fatal("the connection is not closed")
		return nil
	}
}
