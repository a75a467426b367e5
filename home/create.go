package home

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strconv"

	"abad/bft"
	"abad/coin"
)

// CreateOptions describe a new cluster.
type CreateOptions struct {
	Dir   string // gets a directory for each node: node0, node1, ...
	Nodes int    // 1 to bft.MaxNodes
	// Hosts says where the nodes will run: one host for all, or one for each.
	// Default: 127.0.0.1 for all.
	Hosts []string
	// Port and APIPort are the ports for peers (UDP) and clients (TCP) of the
	// first node on a host; the next ones there take those above. Default 7400
	// and 7500.
	Port, APIPort int
	Rand          io.Reader // default crypto/rand.Reader
}

const (
	defaultHost    = "127.0.0.1"
	defaultPort    = 7400
	defaultAPIPort = 7500
)

// Create makes the homes of a new cluster and returns their directories. Each is
// complete: copy it to its machine, and away from this one. Create is the trusted
// dealer of the threshold key and knows all secrets; none is in a home but the
// node's own. It overwrites nothing: either all homes are made or none.
func Create(o CreateOptions) ([]string, error) {
	o = o.withDefaults()
	q, err := bft.NewQuorum(o.Nodes)
	if err != nil {
		return nil, err
	}
	spots, err := o.spots()
	if err != nil {
		return nil, err
	}
	c := &cluster{spots: spots, keys: make([]ed25519.PrivateKey, o.Nodes)}
	c.roster = Roster{Era: 1, Window: DefaultWindow, Nodes: make([]Node, o.Nodes)}
	if _, err := io.ReadFull(o.Rand, c.roster.Cluster[:]); err != nil {
		return nil, fmt.Errorf("make the cluster's name: %w", err)
	}
	for i := range c.keys {
		// Not GenerateKey: it no longer takes its bytes from a reader of ours.
		seed := make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(o.Rand, seed); err != nil {
			return nil, fmt.Errorf("make a node key: %w", err)
		}
		c.keys[i] = ed25519.NewKeyFromSeed(seed)
		c.roster.Nodes[i] = Node{Key: c.keys[i].Public().(ed25519.PublicKey), Addr: spots[i].address, API: spots[i].publicAPI}
	}
	if c.roster.Group, c.secrets, err = coin.Deal(q.All(), q.Amplify(), o.Rand); err != nil {
		return nil, fmt.Errorf("deal the threshold key: %w", err)
	}
	return c.write(o.Dir)
}

func (o CreateOptions) withDefaults() CreateOptions {
	if len(o.Hosts) == 0 {
		o.Hosts = []string{defaultHost}
	}
	if o.Port == 0 {
		o.Port = defaultPort
	}
	if o.APIPort == 0 {
		o.APIPort = defaultAPIPort
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return o
}

// cluster is a new cluster with all its secrets.
type cluster struct {
	roster  Roster
	keys    []ed25519.PrivateKey
	secrets []coin.Secret
	spots   []spot
	moving  func(i int) // tests: called before home i is moved to its place
}

// spot is where a node will be.
type spot struct {
	address   string // where peers reach it
	listen    string
	api       string // where it serves clients: this machine's, until somebody decides otherwise
	publicAPI string // the same, if all clients can be expected to reach it
}

// spots gives each node its addresses.
func (o CreateOptions) spots() ([]spot, error) {
	if len(o.Hosts) != 1 && len(o.Hosts) != o.Nodes {
		return nil, fmt.Errorf("%d hosts for %d nodes: give one for all or one for each", len(o.Hosts), o.Nodes)
	}
	used := make(map[string]int) // nodes on a host so far
	spots := make([]spot, o.Nodes)
	for i := range spots {
		host, err := bareHost(o.Hosts[i%len(o.Hosts)])
		if err != nil {
			return nil, err
		}
		at := place(net.JoinHostPort(host, "0"))
		port, err := portAbove("port", o.Port, used[at])
		if err != nil {
			return nil, err
		}
		apiPort, err := portAbove("API port", o.APIPort, used[at])
		if err != nil {
			return nil, err
		}
		used[at]++
		spots[i] = newSpot(host, port, apiPort)
	}
	return spots, nil
}

func newSpot(host, port, apiPort string) spot {
	s := spot{
		address: net.JoinHostPort(host, port),
		listen:  ":" + port,
		api:     net.JoinHostPort(defaultHost, apiPort),
	}
	if local(host) {
		s.listen, s.publicAPI = s.address, s.api
	}
	return s
}

func portAbove(name string, first, n int) (string, error) {
	if first < 1 || first > 65535 {
		return "", fmt.Errorf("the %s is %d, and must be from 1 to 65535", name, first)
	}
	if first+n > 65535 {
		return "", fmt.Errorf("the %s of node %d on its host would be %d, and ports end at 65535", name, n, first+n)
	}
	return strconv.Itoa(first + n), nil
}
