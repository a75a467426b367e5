package node

import (
	"sync"

	"abad/agree"
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

// note looks at a batch that has come.
func (p *plain) note(digest bft.Hash, data []byte) {
	if agree.In(data) {
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
