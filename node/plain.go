package node

import (
	"sync"

	"abad/agree"
	"abad/batch"
	"abad/bft"
)

// plainBatches is how many batches are remembered: some seconds of a busy log.
const plainBatches = 1024

// plain remembers the last batches without a proposal among their values, which is
// looked up while their bytes are at hand, so that nobody reads them again for that.
// It is no record: what it has forgotten is read.
type plain struct {
	mu   sync.Mutex
	ring [plainBatches]bft.Hash
	next int
	set  map[bft.Hash]struct{}
}

func newPlain() *plain { return &plain{set: map[bft.Hash]struct{}{}} }

// mayPropose reports whether there may be proposals in a batch that was checked.
func mayPropose(data []byte) bool {
	for _, v := range batch.Values(data) {
		if agree.May(v.Payload) {
			return true
		}
	}
	return false
}

// note looks at a batch that has come and was checked.
func (p *plain) note(digest bft.Hash, data []byte) {
	if mayPropose(data) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.set[digest]; known {
		return
	}
	delete(p.set, p.ring[p.next])
	p.ring[p.next], p.set[digest] = digest, struct{}{}
	p.next = (p.next + 1) % len(p.ring)
}

// has reports whether a batch is known to have no proposal.
func (p *plain) has(digest bft.Hash) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.set[digest]
	return known
}
