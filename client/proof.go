package client

import (
	"context"
	"fmt"

	"abad/api/wire"
	"abad/batch"
	"abad/coin"
	"abad/proof"
)

// A proof has its value twice, once in base64 of base64's size, and a few commas.
var proofBounds = bounds{40 << 20, 64}

// Proof asks the node for the proof of a value of the recent log. It is not
// checked yet: see [Client.Verify].
func (c *Client) Proof(ctx context.Context, id batch.ValueID) (wire.Proof, error) {
	var p wire.Proof
	err := c.read(ctx, fmt.Sprintf("/v1/values/%s/proof", id), proofBounds, &p)
	if err == nil && p.ID != id {
		err = c.protocol("the proof of value %s instead of value %s", p.ID, id)
	}
	return p, err
}

// Verify asks the node for the proof that a value is in the log, and checks it
// with the cluster's public key, so that the node need not be trusted. It returns
// where the value is: the block is proved, the index is the node's word.
func (c *Client) Verify(ctx context.Context, key *coin.PublicKey, v batch.Value) (wire.Proof, error) {
	answer, err := c.Proof(ctx, v.ID)
	if err != nil {
		return answer, err
	}
	p, err := proof.Decode(answer.Proof)
	if err != nil {
		return answer, c.protocol("proof of value %s: %w", v.ID, err)
	}
	if err := p.Verify(key, v); err != nil {
		return answer, fmt.Errorf("value %s: %w", v.ID, err)
	}
	if p.Header.Epoch != answer.Block {
		return answer, c.protocol("the proof of value %s is of block %d, not %d", v.ID, p.Header.Epoch, answer.Block)
	}
	return answer, nil
}
