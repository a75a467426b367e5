package node

import (
	"sync"
	"time"

	"abad/bft"
)

const (
	// firstGuess is what a request is taken to cost at a peer that was never asked.
	firstGuess = 10 * time.Millisecond
	// failureCost is the least that a peer costs after a request that failed: others
	// are asked first for a while, and it is asked again when they are slow too.
	failureCost = time.Second
)

// choice picks whom to ask: the peer with the shortest queue of ours, by what its
// answers took of late. So the work spreads over good peers, and one that is
// slow, dead or lying holds up its first few requests and no more.
type choice struct {
	mu    sync.Mutex
	peers []asked
}

type asked struct {
	cost   time.Duration // of a request, smoothed
	flying int           // requests under way
}

func newChoice(nodes int) *choice {
	c := &choice{peers: make([]asked, nodes)}
	for i := range c.peers {
		c.peers[i].cost = firstGuess
	}
	return c
}

// take picks one of the candidates that was not tried, and counts a request to it.
func (c *choice) take(candidates []bft.ID, tried bft.IDSet) (best bft.ID, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var least time.Duration
	for _, id := range candidates {
		p := c.peers[id]
		if price := p.cost * time.Duration(p.flying+1); !tried.Has(id) && (!ok || price < least) {
			best, least, ok = id, price, true
		}
	}
	if ok {
		c.peers[best].flying++
	}
	return best, ok
}

// done notes how a request ended.
func (c *choice) done(id bft.ID, took time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &c.peers[id]
	p.flying--
	p.cost += (took - p.cost) / 4
	if err != nil {
		p.cost = max(p.cost, failureCost)
	}
}
