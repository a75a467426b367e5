package sim

import (
	"slices"

	"abad/bft"
	"abad/ledger"
)

// servedBlocks is the most blocks that one answer carries.
const servedBlocks = 3

// certified is a block with its certificate, as nodes give it to each other.
type certifiedBlock struct {
	block   *ledger.Block
	cert    ledger.Certificate
	suspect bool // it comes from a faulty node
}

// follow makes the node ask for certified blocks, when the adversary lets it: its
// own count of the votes may be quicker.
func (n *node) follow() {
	n.asked = 0
	if !n.following {
		n.following = true
		n.w.later(n, event{kind: evFollow})
	}
}

// fetch asks the next of the peers that claim to have more, furthest first, and
// adopts what is proved. In vain everywhere, it waits for the next position.
func (n *node) fetch() {
	n.following = false
	var ahead []bft.ID
	for id := range n.peers {
		if n.peers[id].up && n.peers[id].at.certified > n.disk.certified {
			ahead = append(ahead, bft.ID(id))
		}
	}
	if n.asked >= len(ahead) {
		return
	}
	slices.SortStableFunc(ahead, func(a, b bft.ID) int {
		return int(int64(n.peers[b].at.certified - n.peers[a].at.certified))
	})
	from := n.w.nodes[ahead[n.asked]]
	n.asked++
	before := n.disk.certified
	for _, b := range from.blocks(before+1, n.id) {
		if !n.adopt(b) {
			break
		}
	}
	asked := n.asked
	n.following = true
	n.w.later(n, event{kind: evFollow})
	if n.disk.certified > before {
		asked = 0
	}
	n.asked = asked
}

// blocks is the answer to a request from a height on.
func (n *node) blocks(from uint64, to bft.ID) []certifiedBlock {
	if n.m == nil {
		return nil
	}
	if n.liar != nil {
		if forged, lies := n.liar.answer(from); lies {
			return forged
		}
	}
	var list []certifiedBlock
	for h := from; h <= n.disk.certified && len(list) < servedBlocks; h++ {
		list = append(list, certifiedBlock{n.disk.blocks[h-1].Block, n.disk.certs[h-1], false})
	}
	return list
}

// adopt checks a certified block, gets its batches and gives it to the ledger.
func (n *node) adopt(b certifiedBlock) bool {
	block, h := b.block, b.block.Header.Epoch
	if b.suspect { // a correct node's block survives its encoding: package ledger tests that
		var err error
		if block, err = ledger.DecodeBlock(block.Encode()); err != nil {
			return false
		}
	}
	if h > n.m.Height()+1 || !n.w.proved(h, block.Hash(), b.cert) {
		return false
	}
	if h <= n.disk.certified {
		return true
	}
	if h <= n.m.Height() {
		n.input(ledger.Certified{Epoch: h, Certificate: b.cert})
		n.finish()
		return n.disk.certified >= h
	}
	adopt := ledger.Adopt{Block: block, Certificate: b.cert}
	for _, t := range block.Batches {
		number, exists := n.w.numbers[t.Digest]
		if !exists || !n.fetchBatch(number) {
			return false
		}
		bundle := &n.w.batches[number]
		adopt.Batches = append(adopt.Batches, ledger.Hold{Digest: t.Digest, Maker: bundle.maker, Values: bundle.values})
	}
	n.w.stats.Adopted++
	n.input(adopt)
	n.finish()
	return n.disk.certified >= h
}

// fetchBatch makes sure that a batch is in the store.
func (n *node) fetchBatch(number int) bool {
	if n.disk.holds(number) {
		return true
	}
	for _, from := range n.w.nodes {
		if from != n && from.serves(n.id, number) {
			n.disk.put(number)
			n.w.wakePulls(number)
			return true
		}
	}
	return false
}
