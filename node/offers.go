package node

import (
	"slices"
	"sync"

	"abad/bft"
)

// maxOffers is of how many of our batches it is known who has got them: more than can
// wait for a stream to one peer.
const maxOffers = 1024

// offers pushes our batches to the peers, to each peer once: one that was quicker to
// ask for a batch than we to push it does not get it again.
type offers struct {
	peers []bft.ID
	push  func(to bft.ID, head []byte, body func() ([]byte, error)) bool
	load  func(bft.Hash) ([]byte, error) // a batch of ours

	mu    sync.Mutex
	given map[bft.Hash]bft.IDSet
	order []bft.Hash // of given, oldest first
}

func newOffers(q bft.Quorum, self bft.ID, push func(bft.ID, []byte, func() ([]byte, error)) bool, load func(bft.Hash) ([]byte, error)) *offers {
	o := &offers{push: push, load: load, given: map[bft.Hash]bft.IDSet{}}
	for id := range q.IDs() {
		if id != self {
			o.peers = append(o.peers, id)
		}
	}
	return o
}

// offer pushes a batch to the peers that have not got it from us, as far as is known.
// What waits for a peer that has died or is slow takes no room in memory.
func (o *offers) offer(d bft.Hash) {
	given := o.note(d)
	for _, id := range o.peers {
		if !given.Has(id) {
			o.push(id, d[:], func() ([]byte, error) {
				if !o.give(d, id) {
					return nil, errHave
				}
				return o.load(d)
			})
		}
	}
}

// note remembers a batch, and tells who has got it.
func (o *offers) note(d bft.Hash) bft.IDSet {
	o.mu.Lock()
	defer o.mu.Unlock()
	given, known := o.given[d]
	if !known {
		o.given[d] = given
		o.order = append(o.order, d)
	}
	if len(o.order) > maxOffers {
		delete(o.given, o.order[0])
		o.order = slices.Delete(o.order, 0, 1)
	}
	return given
}

// give notes that a peer gets a batch, and reports whether that is news.
func (o *offers) give(d bft.Hash, id bft.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	given, known := o.given[d]
	news := given.Add(id)
	if known {
		o.given[d] = given
	}
	return news
}
