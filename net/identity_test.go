package net

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"abad/bft"
)

func TestStrangerIsRefused(t *testing.T) {
	c := newCluster(t, 2, nil)
	node := c.start(0)
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r, err := c.rawDial(stranger)
		if err == nil { // the client's side of TLS is done before the server's
			err = r.closed()
		}
		if err == nil || !strings.Contains(err.Error(), "CRYPTO_ERROR") {
			t.Errorf("a stranger got: %v", err)
		}
	}
	eventually(t, "three refused", func() bool { return node.Stats().Refused[CauseKey] == 3 })
	node.stop() // the log is complete
	if n := node.log.count("connection refused"); n != 1 || node.log.count("cause=key") != 1 {
		t.Errorf("%d lines", n)
	}
	if _, ok := node.Inbox().Take(); ok {
		t.Error("an event of a stranger")
	}
}

// The other node's key at an address is not enough: it must be the dialled one.
func TestDialerPinsTheKey(t *testing.T) {
	c := newCluster(t, 3, nil)
	c.start(0)
	conf := c.config(2)
	conf.Peers = append([]Peer(nil), c.peers...)
	conf.Peers[1].Addr = c.peers[0].Addr
	node := c.startWith(2, conf)
	eventually(t, "refused", func() bool { return node.Stats().Refused[CauseKey] > 0 })
	eventually(t, "the reason", func() bool {
		return strings.Contains(node.Stats().Peers[1].LastError, "node 0 answers at the address of node 1")
	})
	if node.Stats().Peers[1].Up {
		t.Error("node 0 passes for node 1")
	}
}

func TestHelloMismatch(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		cause  Cause
		reason string
	}{
		"cluster": {func(c *Config) { c.Cluster = bft.Sum([]byte("other")) }, CauseCluster, "node 0 is in cluster " + bft.Sum([]byte("cluster")).Short() + ", node 1 in " + bft.Sum([]byte("other")).Short()},
		"era":     {func(c *Config) { c.Era = 8 }, CauseEra, "node 0 is in era 7, node 1 in 8"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, nil)
			acceptor := c.start(0)
			conf := c.config(1)
			test.change(&conf)
			dialer := c.startWith(1, conf)
			eventually(t, "both refuse a few times", func() bool {
				return acceptor.Stats().Refused[test.cause] > 2 && dialer.Stats().Refused[CauseByPeer] > 2
			})
			for _, node := range []*testNode{acceptor, dialer} {
				if n := node.log.count(test.reason); n != 1 {
					t.Errorf("node %d gives the reason %d times", node.conf.Self, n)
				}
				if _, ok := node.Inbox().Take(); ok {
					t.Error("an event of a refused link")
				}
			}
		})
	}
}

func TestHelloIsChecked(t *testing.T) {
	right := hello{Version: version, Cluster: bft.Sum([]byte("cluster")), Era: 7, Node: 1}
	for name, test := range map[string]struct {
		cause Cause
		first []byte
	}{
		"version":   {CauseVersion, hello{Version: 2, Cluster: right.Cluster, Era: 7, Node: 1}.encode()},
		"node":      {CauseNode, hello{Version: version, Cluster: right.Cluster, Era: 7, Node: 0}.encode()},
		"too long":  {CauseHello, appendFrame(nil, make([]byte, maxHello+1))},
		"malformed": {CauseHello, appendFrame(nil, []byte("nonsense"))},
		"a frame":   {CauseHello, appendFrame(nil, encodeFrame(Position{}, nil))},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, nil)
			node := c.start(0)
			r, err := c.rawDial(c.keys[1])
			if err != nil {
				t.Fatal(err)
			}
			r.write(test.first)
			if err := r.closed(); !remoteCode(err, codeRefused) {
				t.Errorf("closed with %v", err)
			}
			eventually(t, "counted", func() bool { return node.Stats().Refused[test.cause] == 1 })
		})
	}
}
