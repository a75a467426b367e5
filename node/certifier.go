package node

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"abad/bft"
	"abad/coin"
	"abad/decision"
	"abad/ledger"
)

// certifier does the signatures of blocks and beacons, a few milliseconds each,
// beside the driver: votes need not wait for them.
type certifier struct {
	key            *coin.Key
	tell           func(context.Context, ledger.In) error
	vote           func(context.Context, decision.In) error
	decidedMessage func(name string, value bool) []byte
	wake           chan struct{}

	mu   sync.Mutex
	jobs []job // at most two per uncertified block or decision
	due  []ledger.Combine

	hashed map[uint64]hashed // of the blocks that were signed last; only run touches it
}

// combinePause is how far apart certificates are made when blocks follow each other
// more quickly: ten at once cost a third of ten one by one, and nobody waits for
// them but who asks for a proof.
const combinePause = 100 * time.Millisecond

// hashed are the points that a block's certificate is made of.
type hashed struct {
	hash          bft.Hash
	block, beacon coin.Hashed
}

// job does the work and tells the driver.
type job func(context.Context) error

// sign makes this node's shares for a block. They leave the node when it is durable.
func (c *certifier) sign(epoch uint64, hash bft.Hash) {
	c.add(func(ctx context.Context) error {
		maps.DeleteFunc(c.hashed, func(e uint64, _ hashed) bool { return e+ledger.MaxUncertified <= epoch })
		m := c.messages(epoch, hash)
		c.hashed[epoch] = m
		return c.tell(ctx, ledger.Signed{Epoch: epoch, Cert: ledger.Cert{
			Block:  c.key.SignHashed(m.block),
			Beacon: c.key.SignHashed(m.beacon),
		}})
	})
}

// messages hashes what a block's certificate signs, if this node has not signed it.
func (c *certifier) messages(epoch uint64, hash bft.Hash) hashed {
	if m, ok := c.hashed[epoch]; ok && m.hash == hash {
		return m
	}
	return hashed{hash, coin.Hash(coin.BlockMessage(hash)), coin.Hash(coin.BeaconMessage(epoch))}
}

// combine makes the certificate, or finds who sent bad shares.
func (c *certifier) combine(in ledger.Combine) {
	c.mu.Lock()
	c.due = append(c.due, in)
	c.mu.Unlock()
	signal(c.wake)
}

// combineAll makes the certificates that are due. They share their check, which is
// most of the work: so the busier a node is, the less a certificate costs.
func (c *certifier) combineAll(ctx context.Context, due []ledger.Combine) error {
	for part := range slices.Chunk(due, verifyPart) {
		var msgs []coin.Hashed
		var shares [][]coin.Share
		for _, in := range part {
			m := c.messages(in.Epoch, in.Hash)
			msgs = append(msgs, m.block, m.beacon)
			shares = append(shares, in.Block, in.Beacon)
		}
		sigs, err := c.key.CombineAll(msgs, shares)
		if err != nil && len(part) > 1 {
			for i := range part { // one of them is wrong
				if err := c.combineAll(ctx, part[i:i+1]); err != nil {
					return err
				}
			}
			continue
		}
		if err != nil {
			if err := c.tell(ctx, c.badShares(part[0])); err != nil {
				return err
			}
			continue
		}
		for i, in := range part {
			cert := ledger.Certificate{Block: sigs[2*i], Beacon: sigs[2*i+1]}
			if err := c.tell(ctx, ledger.Certified{Epoch: in.Epoch, Certificate: cert}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *certifier) badShares(in ledger.Combine) ledger.BadShares {
	bad := ledger.BadShares{Epoch: in.Epoch}
	for i, s := range in.Block {
		if c.key.VerifyShare(s.From, coin.BlockMessage(in.Hash), s.Sig) != nil ||
			c.key.VerifyShare(s.From, coin.BeaconMessage(in.Epoch), in.Beacon[i].Sig) != nil {
			bad.Peers = append(bad.Peers, s.From)
		}
	}
	return bad
}

// decided makes this node's share for a decision.
func (c *certifier) decided(in decision.Decided) {
	c.add(func(ctx context.Context) error {
		return c.vote(ctx, decision.Signed{Name: in.Name, Share: c.key.Sign(c.decidedMessage(in.Name, in.Value))})
	})
}

// combineDecision is combine for a decision.
func (c *certifier) combineDecision(in decision.Combine) {
	c.add(func(ctx context.Context) error {
		msg := c.decidedMessage(in.Name, in.Value)
		cert, err := c.key.Combine(msg, in.Shares)
		if err == nil {
			return c.vote(ctx, decision.Certified{Result: decision.Result{Name: in.Name, Value: in.Value, Certificate: cert}})
		}
		bad := decision.BadShares{Name: in.Name}
		for _, s := range in.Shares {
			if c.key.VerifyShare(s.From, msg, s.Sig) != nil {
				bad.Peers = append(bad.Peers, s.From)
			}
		}
		return c.vote(ctx, bad)
	})
}

// verify checks a certificate that a peer gave us.
func (c *certifier) verify(epoch uint64, hash bft.Hash, cert ledger.Certificate) error {
	return c.key.Group().PublicKey().VerifyAll(
		[][]byte{coin.BlockMessage(hash), coin.BeaconMessage(epoch)}, [][]byte{cert.Block, cert.Beacon})
}

// verifyPart is how many blocks are checked together, on one processor.
const verifyPart = 16

// verifyAll checks the certificates of many blocks, on all processors.
func (c *certifier) verifyAll(blocks []followed) error {
	key := c.key.Group().PublicKey()
	var work errgroup.Group
	for part := range slices.Chunk(blocks, verifyPart) {
		work.Go(func() error {
			var msgs, sigs [][]byte
			for _, b := range part {
				msgs = append(msgs, coin.BlockMessage(b.block.Hash()), coin.BeaconMessage(b.height()))
				sigs = append(sigs, b.cert.Block, b.cert.Beacon)
			}
			if err := key.VerifyAll(msgs, sigs); err != nil {
				return fmt.Errorf("certificates of blocks %d to %d: %w", part[0].height(), part[len(part)-1].height(), err)
			}
			return nil
		})
	}
	return work.Wait()
}

func (c *certifier) add(j job) {
	c.mu.Lock()
	c.jobs = append(c.jobs, j)
	c.mu.Unlock()
	signal(c.wake)
}

func (c *certifier) run(ctx context.Context) {
	var rested <-chan time.Time // nil: certificates may be made at once
	for {
		jobs, due := c.take(rested == nil)
		for _, j := range jobs { // peers wait for our shares
			if ctx.Err() != nil || j(ctx) != nil {
				return
			}
		}
		if ctx.Err() != nil || c.combineAll(ctx, due) != nil {
			return
		}
		if len(due) > 0 {
			rested = time.After(combinePause)
		}
		if len(jobs)+len(due) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-rested:
			rested = nil
		}
	}
}

// take gives what is to be done: jobs, and certificates if they may be made.
func (c *certifier) take(combine bool) (jobs []job, due []ledger.Combine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	jobs, c.jobs = c.jobs, nil
	if combine {
		due, c.due = c.due, nil
	}
	return jobs, due
}
