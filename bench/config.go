package bench

import (
	"errors"
	"fmt"
	"time"

	"abad/batch"
	"abad/client"
)

// Config is one run. [Config.Validate] gives its defaults.
type Config struct {
	Nodes   []Node        // at least one
	Size    int           // bytes of a value
	Rate    float64       // values per second in all; 0: as many as come out
	Seconds float64       // of measuring
	Warmup  time.Duration // before that
	Clients int           // connections in all; 0: two for each node, four in a closed loop
	Depth   int           // values in flight on each connection of a closed loop; 0: 65536 over all
	Alone   bool          // one value at a time on the idle cluster, over one connection
	// Patience is how long a connection goes without any answer before its values
	// are given to another node; 0: 3 seconds if there are Faults, else 30.
	Patience time.Duration
	Faults   []Fault
	// Client is what it takes to be let in by the nodes: a token, and whom to trust.
	Client client.Config
	Delay  time.Duration // injected, one way; to give latencies in units of it

	// Tell is called ten times a second while values are sent: how far the run is, from 0 to 1,
	// and values per second since the last call.
	Tell func(done, rate float64)
}

// Node is a node to load.
type Node struct {
	URL string // of its API
	// Process controls it; nil where it is not ours.
	Process Process
}

// clients are one for each node. The caller closes them.
func (c Config) clients() (all []*client.Client, err error) {
	for i, n := range c.Nodes {
		conf := c.Client
		conf.URL = n.URL
		to, err := client.New(conf)
		if err != nil {
			closeAll(all)
			return nil, fmt.Errorf("node %d: %w", i, err)
		}
		all = append(all, to)
	}
	return all, nil
}

func closeAll(clients []*client.Client) {
	for _, c := range clients {
		c.Close()
	}
}

// Process is a node that can be hurt.
type Process interface {
	Kill() error     // like kill -9
	Stop() error     // it is there and does nothing, like SIGSTOP
	Continue() error // after Stop
}

const (
	defaultFlight = 65536
	// A node that is only slow must not be given up: that repeats its values
	// elsewhere and makes all of them slower. So without faults patience is long.
	faultPatience   = 3 * time.Second
	defaultPatience = 30 * time.Second
	// alonePause lets a cluster come to rest between two values that are alone.
	alonePause = 100 * time.Millisecond
	// drainTime is how long values may take after the end of the sending. What has
	// no answer then counts with the time that it has waited.
	drainTime  = 10 * time.Second
	maxClients = 4096
	maxRate    = 10_000_000
)

// Validate checks the configuration and fills in what it leaves open.
func (c Config) Validate() (Config, error) {
	switch {
	case len(c.Nodes) == 0:
		return c, errors.New("there is no node to load")
	case c.Size < 1 || c.Size > batch.MaxPayload:
		return c, fmt.Errorf("values of %d bytes: 1 to %d are possible", c.Size, batch.MaxPayload)
	case !(c.Rate >= 0 && c.Rate <= maxRate):
		return c, fmt.Errorf("a rate of %v values per second is not from 0 to %d", c.Rate, maxRate)
	case !(c.Seconds > 0 && c.Seconds <= 24*3600):
		return c, fmt.Errorf("%v seconds are not up to a day", c.Seconds)
	case c.Clients < 0 || c.Clients > maxClients || c.Depth < 0 || c.Warmup < 0 || c.Patience < 0:
		return c, fmt.Errorf("a number is negative, or there are more than %d clients", maxClients)
	case c.Alone && c.Rate > 0:
		return c, errors.New("values that are alone have no rate")
	}
	for _, f := range c.Faults {
		if err := f.check(c); err != nil {
			return c, err
		}
	}
	if c.Clients == 0 {
		c.Clients = 2 * len(c.Nodes)
		if c.Rate == 0 {
			c.Clients *= 2 // a node takes only 4,096 values ahead from each
		}
	}
	if c.Depth == 0 {
		c.Depth = max(1, defaultFlight/c.Clients)
	}
	if c.Alone {
		c.Clients, c.Depth = 1, 1
	}
	if c.Patience == 0 {
		c.Patience = defaultPatience
		if len(c.Faults) > 0 {
			c.Patience = faultPatience
		}
	}
	if c.Tell == nil {
		c.Tell = func(float64, float64) {}
	}
	return c, nil
}
