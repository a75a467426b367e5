package node

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/net"
)

// Many usual batches come from a peer at once, and of large ones a few: a peer decides
// how large its answer is, and all peers together what is in memory.
func TestLargePullsAreFew(t *testing.T) {
	const pulls = 20
	for name, c := range map[string]struct{ size, atOnce int }{
		"usual": {usualBatch, 2 * pulls},
		"large": {usualBatch + 1, 2 * largePulls},
	} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			flying, most := 0, 0
			p := newPuller(3, nil)
			p.request = func(_ context.Context, _ bft.ID, kind byte, _ []byte, limit int) ([]byte, error) {
				if kind != askBatch || limit > batch.MaxSize {
					t.Errorf("request %d of up to %d bytes", kind, limit)
				}
				if c.size > limit {
					return nil, net.ErrTooLarge
				}
				mu.Lock()
				flying++
				most = max(most, flying)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				mu.Lock()
				flying--
				mu.Unlock()
				return make([]byte, c.size), nil
			}
			var asking sync.WaitGroup
			for i := range 2 * pulls { // of two peers
				asking.Go(func() {
					if data, err := p.pull(t.Context(), bft.ID(1+i%2), bft.Hash{}); err != nil || len(data) != c.size {
						t.Errorf("%s: %d bytes, %v", name, len(data), err)
					}
				})
			}
			asking.Wait()
			if most != c.atOnce {
				t.Errorf("%s: %d at once, want %d", name, most, c.atOnce)
			}
		})
	}
}

// Who catches up takes a batch from nobody who gives other bytes for it.
func TestCatchUpChecksBatches(t *testing.T) {
	n, err := New(newCluster(t, 4).confs[3])
	if err != nil {
		t.Fatal(err)
	}
	defer n.store.Close()
	f := n.driver.follower
	for id := range bft.ID(3) {
		f.positions[id] = net.Position{Committed: 1, Certified: 1}
	}
	good, bad := []byte("the batch"), []byte("another")
	d := batch.Digest(good)
	for honest := range bft.ID(4) { // 3: nobody
		f.puller.request = func(_ context.Context, to bft.ID, _ byte, _ []byte, _ int) ([]byte, error) {
			if to == honest {
				return good, nil
			}
			return bad, nil
		}
		data, err := f.pull(t.Context(), 1, d)
		if honest < 3 && (err != nil || string(data) != string(good)) || honest == 3 && err == nil {
			t.Errorf("node %d is honest: %q, %v", honest, data, err)
		}
	}
}
