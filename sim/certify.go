package sim

import (
	"abad/bft"
	"abad/coin"
	"abad/ledger"
)

// job is work of a node's certifier, done beside the driver: it takes any time.
type job struct {
	sign    bool
	epoch   uint64
	hash    bft.Hash
	combine ledger.Combine
}

func (w *world) job(n *node, j job) {
	w.jobs = append(w.jobs, j)
	w.later(n, event{kind: evCertifier, ref: int32(len(w.jobs) - 1)})
}

// certifierDone gives the driver the result.
func (n *node) certifierDone(j job) {
	signer := n.w.signers[n.id]
	if j.sign {
		n.input(ledger.Signed{Epoch: j.epoch, Cert: ledger.Cert{
			Block:  signer.Sign(coin.BlockMessage(j.hash)),
			Beacon: signer.Sign(coin.BeaconMessage(j.epoch)),
		}})
		return
	}
	c := j.combine
	block, err1 := signer.Combine(coin.BlockMessage(c.Hash), c.Block)
	beacon, err2 := signer.Combine(coin.BeaconMessage(c.Epoch), c.Beacon)
	if err1 == nil && err2 == nil {
		n.input(ledger.Certified{Epoch: c.Epoch, Certificate: ledger.Certificate{Block: block, Beacon: beacon}})
		return
	}
	bad := ledger.BadShares{Epoch: c.Epoch}
	for i, s := range c.Block {
		if signer.VerifyShare(s.From, coin.BlockMessage(c.Hash), s.Sig) != nil ||
			signer.VerifyShare(s.From, coin.BeaconMessage(c.Epoch), c.Beacon[i].Sig) != nil {
			bad.Peers = append(bad.Peers, s.From)
		}
	}
	n.input(bad)
}

// proved reports whether a certificate proves a block.
func (w *world) proved(epoch uint64, hash bft.Hash, c ledger.Certificate) bool {
	return w.verifier.Verify(coin.BlockMessage(hash), c.Block) == nil &&
		w.verifier.Verify(coin.BeaconMessage(epoch), c.Beacon) == nil
}
