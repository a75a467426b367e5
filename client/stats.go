package client

import (
	"context"

	"abad/api/wire"
)

// Stats are a node's counters.
type Stats = wire.Stats

// Stats asks the node for its counters, for benchmarks.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := c.get(ctx, "/v1/stats", statusBounds, &s)
	return s, err
}
