package client

import (
	"context"

	"abad/api/wire"
)

// What a node tells who looks on.
type (
	Epochs   = wire.Epochs
	Activity = wire.Activity
	Links    = wire.Links
	Check    = wire.Check
)

// An epoch of n slots has up to 3n^2 votes; there is room for five epochs of 128
// nodes.
var watchBounds = bounds{4 << 20, 1 << 19}

// Epochs asks for a picture of the epochs under way.
func (c *Client) Epochs(ctx context.Context) (Epochs, error) {
	var e Epochs
	err := c.get(ctx, "/v1/epochs", watchBounds, &e)
	return e, err
}

// Activity asks what has happened lately at the node.
func (c *Client) Activity(ctx context.Context) (Activity, error) {
	var a Activity
	err := c.get(ctx, "/v1/activity", watchBounds, &a)
	return a, err
}

// Links asks who sees whom.
func (c *Client) Links(ctx context.Context) (Links, error) {
	var l Links
	err := c.get(ctx, "/v1/links", watchBounds, &l)
	return l, err
}

// Check has the node make the proof of a value and check it. It is the node's word:
// see [Client.Verify] for a check that needs no trust.
func (c *Client) Check(ctx context.Context, pos Position) (Check, error) {
	var check Check
	err := c.get(ctx, "/v1/log/"+pos.String()+"/check", pageBounds, &check)
	if err == nil && check.Position() != pos {
		err = c.protocol("the check of value %s instead of value %s", check.Position(), pos)
	}
	return check, err
}
