package node

import (
	"context"
	"errors"

	"abad/batch"
	"abad/bft"
	"abad/net"
)

const (
	// usualBatch is a size that few batches exceed: the default target. Up to it as many
	// are asked for at once as a link with a long round trip needs.
	usualBatch = defaultBatch
	// largePulls is how many larger ones may come from one peer at once. A peer may
	// say that its answer is of [batch.MaxSize], whatever it is.
	largePulls = 2
)

// puller asks peers for batches.
type puller struct {
	request func(ctx context.Context, to bft.ID, kind byte, body []byte, limit int, gotOn func()) ([]byte, error)
	large   []chan struct{} // per peer, capacity largePulls
}

func newPuller(nodes int, t *net.Transport) *puller {
	p := &puller{request: t.Request, large: make([]chan struct{}, nodes)}
	for i := range p.large {
		p.large[i] = make(chan struct{}, largePulls)
	}
	return p
}

// pull gets what a peer gives for a batch, and calls gotOn, if there is one, when more of
// it is here. Whether it is the batch, the caller looks.
func (p *puller) pull(ctx context.Context, peer bft.ID, d bft.Hash, gotOn func()) ([]byte, error) {
	data, err := p.request(ctx, peer, askBatch, d[:], usualBatch, gotOn)
	if errors.Is(err, net.ErrTooLarge) {
		select {
		case p.large[peer] <- struct{}{}:
			defer func() { <-p.large[peer] }()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		data, err = p.request(ctx, peer, askBatch, d[:], batch.MaxSize, gotOn)
	}
	return data, err
}
