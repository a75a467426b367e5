package apitest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"sync"
	"testing"

	"abad/api"
	"abad/bft"
	"abad/coin"
	"abad/net"
	"abad/net/nettest"
	"abad/node"
)

// Cluster is real nodes with their APIs, in one process on loopback.
type Cluster struct {
	Nodes []*node.Node
	URLs  []string
	stop  []func()
}

// StartCluster runs n nodes, with everything that an API can serve, until the
// test's end. The configuration of each API may be changed before it starts.
func StartCluster(t testing.TB, n int, change func(i int, conf *api.Config)) *Cluster {
	t.Helper()
	q, err := bft.NewQuorum(n)
	if err != nil {
		t.Fatal(err)
	}
	group, secrets, err := coin.Deal(n, q.Amplify(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var peers []net.Peer
	var keys []ed25519.PrivateKey
	for _, addr := range nettest.FreeAddrs(t, n) {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		peers, keys = append(peers, net.Peer{Key: public, Addr: addr}), append(keys, private)
	}
	c := new(Cluster)
	for i := range n {
		key, err := coin.NewKey(group, secrets[i])
		if err != nil {
			t.Fatal(err)
		}
		c.start(t, node.Config{
			Self: bft.ID(i), First: true, Cluster: bft.Sum([]byte(t.Name())), Era: 1, Roster: bft.Sum([]byte("roster")),
			NodeKey: keys[i], CoinKey: key, Peers: peers, Dir: t.TempDir(),
		}, change)
	}
	return c
}

func (c *Cluster) start(t testing.TB, conf node.Config, change func(int, *api.Config)) {
	t.Helper()
	n, err := node.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	served := api.Config{Node: api.Of(n), Proofs: n, Backup: n, Decisions: n, Agreements: n, Watch: n}
	if change != nil {
		change(int(conf.Self), &served)
	}
	url, stopAPI := Serve(t, served)
	stop := sync.OnceFunc(func() {
		stopAPI()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("node %d: %v", conf.Self, err)
		}
	})
	t.Cleanup(stop)
	c.Nodes, c.URLs, c.stop = append(c.Nodes, n), append(c.URLs, url), append(c.stop, stop)
}

// Kill stops a node and its API.
func (c *Cluster) Kill(i int) { c.stop[i]() }
