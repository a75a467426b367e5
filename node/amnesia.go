package node

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"abad/bft"
	"abad/codec"
	"abad/decision"
	"abad/ledger"
	"abad/store"
)

// Names of meta records.
const (
	// bornMeta is written at a node's first start, so that an empty store that is
	// not the first one is noticed.
	bornMeta = "born"
	// mutedMeta holds the epoch up to which the node keeps silent.
	mutedMeta = "muted"
)

// claimPause is how often peers are asked again how far they are.
const claimPause = 200 * time.Millisecond

// A node that has lost its store does not know what it has voted, and a second,
// different vote could break agreement. So it stays silent in every epoch in which
// it may have spoken, follows the others by certified blocks, and takes part again
// afterwards. Which epochs those are:
//
// Say that it had committed c. Then it has spoken in epochs up to c+K at most. It
// committed c because n-f nodes took part in it, n-2f >= f+1 of them correct and
// not itself, and whoever takes part in epoch c has committed c-K. Of the n-1
// other nodes it asks n-1-f; among any so many is one of those f+1. So with m the
// highest height that one of them claims, c <= m+K, and what it has said ends at
// m+2K. A claim counts only with a certificate for a block at most
// [ledger.MaxUncertified] below, which every correct node has, so that a liar
// cannot keep it silent for ever.

// recall reads at start whether this node knows its past, and mutes it if not.
func (n *Node) recall() error {
	_, err := n.store.Meta(bornMeta)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		if err == nil {
			err = n.mute()
		}
		return err
	}
	if !n.config.First {
		n.config.Log.Warn("the store is new but the node is not: silent until it is sure not to contradict itself")
		if err := n.store.SetMeta(mutedMeta, codec.Marshal(uint64(math.MaxUint64))); err != nil {
			return err
		}
	}
	if err := n.store.SetMeta(bornMeta, []byte{1}); err != nil {
		return err
	}
	return n.mute()
}

func (n *Node) mute() error {
	until, err := readMuted(n.store)
	if err != nil {
		return err
	}
	n.driver.input(ledger.Mute{Until: until})
	return n.driver.decider.input(decision.Mute{On: until == math.MaxUint64})
}

func readMuted(s *store.Store) (until uint64, err error) {
	data, err := s.Meta(mutedMeta)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err == nil {
		err = codec.Unmarshal(data, &until)
	}
	return until, err
}

// remember asks the peers until enough have answered, if this node has no past.
func (n *Node) remember(ctx context.Context) error {
	until, err := readMuted(n.store)
	if err != nil || until != math.MaxUint64 {
		return err
	}
	heights := map[bft.ID]uint64{}
	tick := time.NewTicker(claimPause)
	defer tick.Stop()
	for {
		for id := range n.quorum.IDs() {
			if _, heard := heights[id]; id == n.config.Self || heard {
				continue
			}
			if h, err := n.claim(ctx, id); err == nil {
				heights[id] = h
			}
		}
		if len(heights) >= n.quorum.Wait()-1 {
			return n.unmute(ctx, heights)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (n *Node) unmute(ctx context.Context, heights map[bft.ID]uint64) error {
	until := uint64(0)
	for _, h := range heights {
		until = max(until, h)
	}
	until += 2 * uint64(n.config.Epochs)
	if err := n.store.SetMeta(mutedMeta, codec.Marshal(until)); err != nil {
		return err
	}
	n.config.Log.Info("silent until the others are past what this node may have said", "epoch", until)
	if err := n.driver.tell(ctx, ledger.Mute{Until: until}); err != nil {
		return err
	}
	return n.driver.vote(ctx, decision.Mute{})
}

// claim asks a peer how far it is, and believes it up to what it can prove.
func (n *Node) claim(ctx context.Context, id bft.ID) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answer, err := n.transport.Request(ctx, id, askTip, nil, rangeBytes, nil)
	if err != nil {
		return 0, err
	}
	var t tipAnswer
	if err := codec.Unmarshal(answer, &t); err != nil {
		return 0, err
	}
	if len(t.Block.Block) == 0 {
		if t.Height > ledger.MaxUncertified {
			return 0, fmt.Errorf("node %d claims %d blocks and proves none", id, t.Height)
		}
		return t.Height, nil
	}
	block, err := ledger.DecodeBlock(t.Block.Block)
	if err != nil {
		return 0, err
	}
	h := block.Header.Epoch
	if err := n.driver.certifier.verify(h, block.Hash(), t.Block.Certificate); err != nil {
		return 0, err
	}
	if t.Height > h+ledger.MaxUncertified {
		return 0, fmt.Errorf("node %d claims %d blocks and proves %d", id, t.Height, h)
	}
	return max(t.Height, h), nil
}

// tipAnswer is a node's height, and the last block that it can prove.
type tipAnswer struct {
	Height uint64         `cbor:"0,keyasint"`
	Block  certifiedBlock `cbor:"1,keyasint,omitzero"`
}

func serveTip(s *store.Store, certified uint64) ([]byte, error) {
	t := tipAnswer{Height: s.Height()}
	if certified > 0 {
		b, err := readCertified(s, certified)
		if err != nil {
			return nil, err
		}
		t.Block = b
	}
	return codec.Marshal(t), nil
}
