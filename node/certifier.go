package node

import (
	"context"
	"errors"
	"sync"

	"abad/bft"
	"abad/coin"
	"abad/ledger"
)

// certifier does the signatures of blocks and beacons, a few milliseconds each,
// beside the driver: votes need not wait for them.
type certifier struct {
	key  *coin.Key
	tell func(context.Context, ledger.In) error
	wake chan struct{}

	mu   sync.Mutex
	jobs []func() ledger.In // at most two per uncertified block
}

func newCertifier(key *coin.Key, tell func(context.Context, ledger.In) error) *certifier {
	return &certifier{key: key, tell: tell, wake: make(chan struct{}, 1)}
}

// sign makes this node's shares for a block that is durable.
func (c *certifier) sign(epoch uint64, hash bft.Hash) {
	c.add(func() ledger.In {
		return ledger.Signed{Epoch: epoch, Cert: ledger.Cert{
			Block:  c.key.Sign(coin.BlockMessage(hash)),
			Beacon: c.key.Sign(coin.BeaconMessage(epoch)),
		}}
	})
}

// combine makes the certificate, or finds who sent bad shares.
func (c *certifier) combine(in ledger.Combine) {
	c.add(func() ledger.In {
		block, err1 := c.key.Combine(coin.BlockMessage(in.Hash), in.Block)
		beacon, err2 := c.key.Combine(coin.BeaconMessage(in.Epoch), in.Beacon)
		if err := errors.Join(err1, err2); err == nil {
			return ledger.Certified{Epoch: in.Epoch, Certificate: ledger.Certificate{Block: block, Beacon: beacon}}
		}
		bad := ledger.BadShares{Epoch: in.Epoch}
		for i, s := range in.Block {
			if c.key.VerifyShare(s.From, coin.BlockMessage(in.Hash), s.Sig) != nil ||
				c.key.VerifyShare(s.From, coin.BeaconMessage(in.Epoch), in.Beacon[i].Sig) != nil {
				bad.Peers = append(bad.Peers, s.From)
			}
		}
		return bad
	})
}

// verify checks a certificate that a peer gave us.
func (c *certifier) verify(epoch uint64, hash bft.Hash, cert ledger.Certificate) error {
	key := c.key.Group().PublicKey()
	return errors.Join(
		key.Verify(coin.BlockMessage(hash), cert.Block),
		key.Verify(coin.BeaconMessage(epoch), cert.Beacon))
}

func (c *certifier) add(job func() ledger.In) {
	c.mu.Lock()
	c.jobs = append(c.jobs, job)
	c.mu.Unlock()
	signal(c.wake)
}

func (c *certifier) run(ctx context.Context) {
	for {
		c.mu.Lock()
		jobs := c.jobs
		c.jobs = nil
		c.mu.Unlock()
		for _, job := range jobs {
			if ctx.Err() != nil || c.tell(ctx, job()) != nil {
				return
			}
		}
		if len(jobs) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
	}
}
