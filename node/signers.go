package node

import (
	"time"

	"abad/bft"
)

const (
	// signPatience is how long after a block a node that need not sign it waits for its
	// certificate, besides the time of two epochs: the others may have the block later
	// by one, and their shares, where processors are slow, need as long to be here.
	// Certificates are combinePause apart at most.
	signPatience = combinePause + 100*time.Millisecond
	// signOpenly is for how many blocks everybody signs after one whose certificate did
	// not come without us. A node that withholds its shares, or is late with every
	// block, makes one certificate in so many late, and the others no cheaper than if
	// all signed.
	signOpenly = 1024
)

// signers says who signs a block's certificate at once: as many as it takes, a signature
// being a tenth of what a block costs a node, and the others' worth nothing. It is their
// turn by the epoch's number; nodes that are down are passed over. Nodes need not agree
// on who it is: whoever lacks the certificate after a while signs.
type signers struct {
	quorum bft.Quorum
	self   bft.ID

	up      bft.IDSet
	waiting []unsigned // by epoch
	openly  uint64     // up to this epoch everybody signs
}

// unsigned is a block of which the others may make the certificate.
type unsigned struct {
	epoch uint64
	hash  bft.Hash
	until time.Time
}

// heard notes whether a peer is there.
func (s *signers) heard(peer bft.ID, up bool) {
	if up {
		s.up.Add(peer)
	} else {
		s.up.Remove(peer)
	}
}

// ours reports whether this node has to sign a block at once.
func (s *signers) ours(epoch uint64) bool {
	if epoch <= s.openly {
		return true
	}
	n := s.quorum.All()
	before := 0 // us
	for i := range n {
		id := bft.ID((epoch + uint64(i)) % uint64(n))
		if id == s.self {
			break
		}
		if s.up.Has(id) {
			before++
		}
	}
	return before < s.quorum.Amplify()
}

// wait leaves a block to the others.
func (s *signers) wait(u unsigned) { s.waiting = append(s.waiting, u) }

// due gives the blocks that this node has to sign after all, where every block up to
// certified has its certificate.
func (s *signers) due(now time.Time, certified uint64) (list []unsigned) {
	for len(s.waiting) > 0 && s.waiting[0].epoch <= certified {
		s.waiting = s.waiting[1:]
	}
	if len(s.waiting) == 0 || now.Before(s.waiting[0].until) {
		return nil
	}
	list, s.waiting = s.waiting, nil
	s.openly = list[len(list)-1].epoch + signOpenly
	return list
}

// next is when due has to be asked again; zero: not before another block.
func (s *signers) next() time.Time {
	if len(s.waiting) == 0 {
		return time.Time{}
	}
	return s.waiting[0].until
}
