package node

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"abad/bft"
	"abad/net"
	"abad/store"
)

const (
	// followHint is how long a node that is a little behind waits for its own count
	// of the votes before it asks for blocks.
	followHint = 200 * time.Millisecond
	// maxVain bounds how often that time doubles while peers have nothing to give.
	maxVain = 5
)

// follower fetches certified blocks when peers have forgotten the votes that this
// node would need. It trusts nobody: a certificate is a proof.
type follower struct {
	self      bft.ID
	quorum    bft.Quorum
	epochs    uint64 // K
	transport *net.Transport
	certifier *certifier
	store     *store.Store
	driver    *driver
	log       *slog.Logger
	ranges    *choice   // whom to ask for blocks
	batches   *choice   // and for batches
	windows   []*window // by peer
	puller    *puller
	fetcher   *fetcher
	progress  progress

	mu        sync.Mutex
	positions []net.Position
	wake      chan struct{} // capacity 1: some peer is ahead
}

// heard notes a peer's position.
func (f *follower) heard(from bft.ID, p net.Position) {
	f.mu.Lock()
	f.positions[from] = p
	f.mu.Unlock()
	if ahead(p) > f.stored() {
		signal(f.wake)
	}
}

// ahead is the last block that a peer may have with its certificate by now. In an
// idle cluster nobody says when the last certificates are done: what peers said
// with their last block is what is known.
func ahead(p net.Position) uint64 { return max(p.Committed, p.Certified) }

// position is what a peer last said.
func (f *follower) position(id bft.ID) net.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.positions[id]
}

// stored is the last block up to which all are here with their certificates.
func (f *follower) stored() uint64 { return f.driver.archive.stored.Load() }

// credible is the highest height that some correct node has certified: the
// (f+1)th highest claim.
func (f *follower) credible() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	claims := make([]uint64, 0, len(f.positions))
	for _, p := range f.positions {
		claims = append(claims, p.Certified)
	}
	slices.Sort(claims)
	return claims[len(claims)-f.quorum.Amplify()]
}

// having lists the peers that may have block h with its certificate.
func (f *follower) having(h uint64) (peers []bft.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, p := range f.positions {
		if ahead(p) >= h && bft.ID(id) != f.self {
			peers = append(peers, bft.ID(id))
		}
	}
	return peers
}

func (f *follower) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	stored := uint64(math.MaxUint64) // when it was last looked at
	vain := 0                        // times in a row that nothing came
	for {
		if len(f.having(f.stored()+1)) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-f.wake:
				continue
			}
		}
		// Blocks may go on while one certificate is missing whose shares the peers
		// have forgotten: then only this node cannot forget its journal.
		stuck := f.stored() == stored
		if !stuck {
			vain = 0
		}
		if stuck && !f.waits() || f.far() {
			if f.catchUp(ctx) {
				vain = 0
				continue
			}
			vain = min(vain+1, maxVain)
		}
		stored = f.stored()
		timer.Reset(max(followHint<<vain, f.fetcher.hinted()))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

// waits reports that all that is missing are batches of a block that is decided here. They
// are looked for already; to do that twice makes a slow link slower.
func (f *follower) waits() bool {
	height := f.store.Height()
	return f.stored() == height && f.fetcher.needs(height+1)
}

// far reports that some peer has certified more than votes are kept for.
func (f *follower) far() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.positions {
		if p.Certified > f.store.Height()+f.epochs {
			return true
		}
	}
	return false
}
