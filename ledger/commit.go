package ledger

import (
	"encoding/binary"
	"fmt"
	"slices"

	"abad/bft"
)

// commit makes the next block if its epoch is complete and its batches are here.
func (m *Machine) commit(s *Step) bool {
	ep := m.known(m.tip.height + 1)
	if ep == nil || !ep.complete {
		return false
	}
	var accepted []bft.ID
	var clocks []uint64
	for id := range m.cfg.Quorum.IDs() {
		if sl := &ep.slots[id]; sl.accepted {
			accepted = append(accepted, id)
			clocks = append(clocks, sl.header.Time)
		}
	}
	digests := m.order(ep, accepted)
	if !m.allHere(s, ep, digests) {
		return false
	}
	slices.Sort(clocks)
	header := BlockHeader{
		Version: BlockVersion, Cluster: m.cfg.Cluster, Era: m.cfg.Era, Roster: m.cfg.Roster,
		Epoch: ep.number, Previous: m.tip.hash,
		Time:     max(clocks[len(clocks)/2], m.tip.time+1),
		Accepted: accepted,
	}
	m.append(s, m.take(header, digests))
	return true
}

// order lists the batches of a block: the accepted slots' headers, starting at a
// slot that nobody could choose, without what is in the log already.
func (m *Machine) order(ep *epoch, accepted []bft.ID) []bft.Hash {
	start := bft.ID(binary.BigEndian.Uint64(m.tip.hash[:8]) % uint64(m.cfg.Quorum.All()))
	first, _ := slices.BinarySearch(accepted, start)
	var digests []bft.Hash
	listed := map[bft.Hash]bool{}
	for i := range accepted {
		id := accepted[(first+i)%len(accepted)]
		for _, d := range ep.slots[id].header.Batches {
			if _, logged := m.recent.batches[d]; !logged && !listed[d] {
				listed[d] = true
				digests = append(digests, d)
			}
		}
	}
	return digests
}

// allHere reports whether the block's batches are held, and asks for the others.
func (m *Machine) allHere(s *Step, ep *epoch, digests []bft.Hash) bool {
	all := true
	for _, d := range digests {
		if _, held := m.pool.held[d]; held {
			continue
		}
		all = false
		if !ep.wanted {
			s.Emit(Want{Epoch: ep.number, Digest: d, Lister: m.lister(ep, d), Decided: true})
		}
	}
	ep.wanted = true
	return all
}

// lister is an accepted slot that lists d.
func (m *Machine) lister(ep *epoch, d bft.Hash) bft.ID {
	for id := range m.cfg.Quorum.IDs() {
		if sl := &ep.slots[id]; sl.accepted && sl.lists(d) {
			return id
		}
	}
	panic("ledger: internal error: a block's batch that nobody lists")
}

// take makes a block of held batches and enters its values: it skips those that the
// log has. What is beyond the limits of a block stays in the pool, for a later one.
func (m *Machine) take(header BlockHeader, digests []bft.Hash) *Block {
	block := &Block{Header: header}
	block.Header.Values = 0
	listed := 0
	for _, d := range digests {
		listed += len(m.pool.held[d].values)
	}
	m.recent.expect(min(listed, MaxValues))
	total := 0
	for i, d := range digests {
		ids := m.pool.held[d].values
		if total += len(ids); i > 0 && (i == MaxBatches || total > MaxValues) {
			digests = digests[:i]
			break
		}
		t := Taken{Digest: d, Total: uint32(len(ids))}
		m.recent.enter(ids, t.skip)
		block.Header.Values += uint64(t.Kept())
		block.Batches = append(block.Batches, t)
	}
	block.Header.Root = MerkleRoot(digests)
	return block
}

// append makes block the tip.
func (m *Machine) append(s *Step, block *Block) {
	ep := m.epoch(block.Header.Epoch)
	values := m.recent.open
	m.enter(block)
	ep.cert.hash = m.tip.hash
	m.pool.drop(block.digests())
	m.pool.changed = true
	s.Emit(Committed{Block: block, Values: values})
	m.combine(s, ep)
}

// enter takes a block, whose values are in, into what the log remembers.
func (m *Machine) enter(block *Block) {
	h := block.Header
	m.tip = tip{height: h.Epoch, time: h.Time, hash: h.Hash()}
	m.recent.end(h.Epoch, block.digests())
	m.bench.block(h.Epoch, h.Accepted)
}

// Adopt is the next block, or one that is here without certificate, as peers have it, with a certificate that the driver
// has verified. Its batches must be in the store; Batches are those that the
// ledger may not have heard of by [Hold].
type Adopt struct {
	Block       *Block
	Certificate Certificate
	Batches     []Hold
}

// adopt takes the block instead of this node's own count of the votes. If that
// was quicker, only the certificate is news.
func (m *Machine) adopt(s *Step, in Adopt) error {
	h := in.Block.Header
	if h.Epoch <= m.tip.height {
		if ep := m.known(h.Epoch); ep != nil && ep.cert.hash != h.Hash() {
			return fmt.Errorf("%w: block %d is certified as %s, and is %s here", ErrInput, h.Epoch, h.Hash(), ep.cert.hash)
		}
		return m.certify(s, Certified{Epoch: h.Epoch, Certificate: in.Certificate})
	}
	if h.Epoch != m.tip.height+1 || h.Previous != m.tip.hash {
		return fmt.Errorf("%w: block %d does not follow block %d", ErrInput, h.Epoch, m.tip.height)
	}
	for _, b := range in.Batches {
		m.hold(s, b)
	}
	digests := in.Block.digests()
	for _, d := range digests {
		if _, held := m.pool.held[d]; !held {
			return fmt.Errorf("%w: batch %s of block %d is not held", ErrInput, d.Short(), h.Epoch)
		}
	}
	block := m.take(h, digests)
	if block.Hash() != h.Hash() {
		return fmt.Errorf("%w: block %d is certified as %s, and comes out as %s here", ErrInput, h.Epoch, h.Hash(), block.Hash())
	}
	m.append(s, block)
	return m.certify(s, Certified{Epoch: h.Epoch, Certificate: in.Certificate})
}
