package node

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
	"abad/net"
	"abad/store"
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
			p.request = func(_ context.Context, _ bft.ID, kind byte, _ []byte, limit int, _ func()) ([]byte, error) {
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
					if data, err := p.pull(t.Context(), bft.ID(1+i%2), bft.Hash{}, nil); err != nil || len(data) != c.size {
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
		f.puller.request = func(_ context.Context, to bft.ID, _ byte, _ []byte, _ int, _ func()) ([]byte, error) {
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

// What is on its way here is not pulled beside that: while it gets on it is waited for.
func TestCatchUpWaitsForWhatIsOnItsWay(t *testing.T) {
	n := unstarted(t)
	f := n.driver.follower
	for id := range bft.ID(4) {
		f.positions[id] = net.Position{Committed: 1, Certified: 1}
	}
	builder := batch.NewBuilder([16]byte{1})
	v := value(1)
	v.Payload = make([]byte, store.LargeBatch) // the driver, which does not run, writes small ones
	builder.Add(v)
	data := builder.Bytes()
	d := batch.Digest(data)
	pulled := false
	f.puller.request = func(context.Context, bft.ID, byte, []byte, int, func()) ([]byte, error) {
		pulled = true
		return data, nil
	}
	f.fetcher.observe(time.Minute) // where epochs take that long, a push may stand still for a while
	in, out := io.Pipe()
	read := make(chan error)
	go func() { read <- n.driver.intake.push(t.Context(), 2, d[:], int64(len(data)), in) }()
	out.Write(data[:1])
	time.AfterFunc(2*pushHint, func() { out.Write(data[1:]) })
	hold, err := f.batch(t.Context(), 1, 0, d, nil)
	if err != nil || hold.Digest != d || len(hold.Values) != 1 {
		t.Errorf("%+v, %v", hold, err)
	}
	if pulled {
		t.Error("it was pulled while it was pushed")
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
}

// A node that knows by its own votes what the next block is does not ask for it while it
// has not its batches, but where a certificate is missing too it does.
func TestCatchUpLeavesBatchesToTheFetcher(t *testing.T) {
	n := unstarted(t)
	f := n.driver.follower
	f.fetcher.want(ledger.Want{Lister: 1, Epoch: 1})
	if f.waits() {
		t.Error("no block needs what a header lists")
	}
	f.fetcher.want(ledger.Want{Lister: 1, Epoch: 1, Decided: true})
	if !f.waits() {
		t.Error("block 1 is decided here")
	}
	n.driver.archive.stored.Store(1) // as good as: another height than the blocks'
	if f.waits() {
		t.Error("a certificate is missing")
	}
}
