package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abad/bft"
	"abad/ledger"
)

// pullable is a fetcher of node 0 of four whose peers answer as they are told.
type pullable struct {
	*fetcher
	far  time.Duration // of every peer
	slow time.Duration // until an answer gets on by a step; 0: it never does before its end
	mu   sync.Mutex
	list []bft.ID
}

func askedFetcher(answer func(ctx context.Context, peer bft.ID) error) *pullable {
	a := &pullable{fetcher: newFetcher(4)}
	a.log = slog.New(slog.DiscardHandler)
	a.rtt = func(bft.ID) time.Duration { return a.far }
	a.ask = func(ctx context.Context, peer, _ bft.ID, _ bft.Hash, gotOn func()) error {
		a.mu.Lock()
		a.list = append(a.list, peer)
		a.mu.Unlock()
		if a.slow > 0 {
			done := make(chan struct{})
			defer close(done)
			go func() {
				for {
					select {
					case <-time.After(a.slow):
						gotOn()
					case <-done:
						return
					}
				}
			}()
		}
		return answer(ctx, peer)
	}
	return a
}

var errAsked = errors.New("no such batch")

func TestPullAsksTheNextPeer(t *testing.T) {
	mute := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]struct {
		answer func(ctx context.Context, peer bft.ID) error
		silent []bft.ID
		far    time.Duration
		slow   time.Duration
		listed bool // by a header, and no block needs it
		asked  []bft.ID
		took   time.Duration
		failed bool
	}{
		"the lister has it": {
			answer: func(context.Context, bft.ID) error { return nil },
			asked:  []bft.ID{2},
		},
		"the lister has died": { // and nobody has noticed
			answer: func(ctx context.Context, peer bft.ID) error {
				if peer == 2 {
					return mute(ctx)
				}
				return nil
			},
			asked: []bft.ID{2, 3}, took: pullHedge,
		},
		"the lister is silent": {
			answer: func(ctx context.Context, peer bft.ID) error {
				if peer == 2 {
					return mute(ctx)
				}
				return nil
			},
			silent: []bft.ID{2}, asked: []bft.ID{3},
		},
		"the lister is slow": {
			answer: func(_ context.Context, peer bft.ID) error {
				if peer != 2 {
					return errAsked
				}
				time.Sleep(4 * pullHedge)
				return nil
			},
			asked: []bft.ID{2, 3, 1}, took: 4 * pullHedge,
		},
		"the lister is slow, and is far away": { // nobody else is asked for what is on its way
			answer: func(_ context.Context, peer bft.ID) error { time.Sleep(4 * pullHedge); return nil },
			far:    4 * pullHedge,
			asked:  []bft.ID{2}, took: 4 * pullHedge,
		},
		"all are slow": { // and are not all asked for that
			answer: func(_ context.Context, peer bft.ID) error { time.Sleep(pullHedge * 5 / 2); return nil },
			asked:  []bft.ID{2, 3}, took: pullHedge * 7 / 2, // the second one ends too
		},
		"the lister's answer gets on": { // and nobody else is asked
			answer: func(context.Context, bft.ID) error { time.Sleep(8 * time.Second); return nil },
			slow:   pullHedge / 2, listed: true,
			asked: []bft.ID{2}, took: 8 * time.Second,
		},
		"a block needs what gets on": { // and not for ever
			answer: func(ctx context.Context, peer bft.ID) error {
				if peer == 2 {
					return mute(ctx)
				}
				return nil
			},
			slow:  pullHedge / 2,
			asked: []bft.ID{2, 3}, took: blockPatience - pullHedge/2 + pullHedge,
		},
		"nobody has it": {
			answer: func(context.Context, bft.ID) error { return errAsked },
			asked:  []bft.ID{2, 3, 1}, failed: true,
		},
		"all who are there do not": {
			answer: func(context.Context, bft.ID) error { return errAsked },
			silent: []bft.ID{2, 3}, asked: []bft.ID{1, 2, 3}, failed: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := askedFetcher(c.answer)
				f.far, f.slow = c.far, c.slow
				for _, id := range c.silent {
					f.heard(id, false)
				}
				began := time.Now()
				ok := f.pull(t.Context(), want{Want: ledger.Want{Lister: 2, Decided: !c.listed}})
				if ok == c.failed || time.Since(began) != c.took || !slices.Equal(f.list, c.asked) {
					t.Errorf("%v after %v, asked %v", ok, time.Since(began), f.list)
				}
			})
		})
	}
}

// A pull ends with its context, and with it all that it has asked.
func TestPullEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := askedFetcher(func(ctx context.Context, _ bft.ID) error { <-ctx.Done(); return ctx.Err() })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if f.pull(ctx, want{Want: ledger.Want{Lister: 1, Decided: true}}) {
			t.Error("a pull that nobody answers succeeds")
		}
		if len(f.list) != 3 {
			t.Errorf("asked %v", f.list)
		}
	})
}

// A push that is being read is waited for while it gets on, and not one that has died
// or that only pretends.
func TestPullOfHalfAPush(t *testing.T) {
	const steps, size = 40, 40 * pushStep
	disk := openStore(t)
	slowly := func(pause time.Duration) func(io.Writer) {
		return func(w io.Writer) {
			for range steps - 1 {
				w.Write(make([]byte, pushStep))
				time.Sleep(pause)
			}
		}
	}
	forEver := func(w io.Writer) {
		for err := error(nil); err == nil; _, err = w.Write(make([]byte, pushStep)) {
			time.Sleep(pullHedge / 2)
		}
	}
	for name, c := range map[string]struct {
		far    time.Duration
		pushes func(io.Writer)
		other  bool          // what is pushed is another batch, by the lister
		begins bool          // two peers begin pushes, one after the other
		needed bool          // by a block
		took   time.Duration // by an epoch
		asked  time.Duration // after it is wanted
	}{
		"none":          {asked: pushHint},
		"of one byte":   {pushes: func(w io.Writer) { w.Write(make([]byte, 1)) }, asked: pullHedge},
		"of a half":     {pushes: func(w io.Writer) { w.Write(make([]byte, size/2)) }, asked: pullHedge},
		"from far away": {far: pullHedge, pushes: func(w io.Writer) { w.Write(make([]byte, size/2)) }, asked: 2 * pullHedge},
		"slow":          {pushes: slowly(pullHedge / 2), asked: (steps-2)*pullHedge/2 + pullHedge},
		"a byte now and then": {pushes: func(w io.Writer) {
			for range 100 {
				w.Write(make([]byte, 1))
				time.Sleep(pullHedge / 2)
			}
		}, asked: pullHedge},
		"again and again":     {begins: true, asked: pushPatience},
		"of others":           {other: true, pushes: slowly(pullHedge / 2), asked: (steps-2)*pullHedge/2 + pullHedge},
		"of others, for ever": {other: true, pushes: forEver, asked: pushPatience},
		"of half another":     {other: true, pushes: func(w io.Writer) { w.Write(make([]byte, size/2)) }, asked: pullHedge},
		"where all is slow":   {took: 2 * time.Second, asked: 2 * time.Second / hintParts},
		"where nothing moves": {took: time.Minute, asked: maxHint},
		"of a half, slowly":   {took: 2 * time.Second, pushes: func(w io.Writer) { w.Write(make([]byte, size/2)) }, asked: 2 * time.Second / hintParts},
		"of others, slowly":   {took: 8 * time.Second, other: true, pushes: slowly(time.Second), asked: steps * time.Second},
		"needed":              {needed: true},
		"needed, of a half":   {needed: true, pushes: func(w io.Writer) { w.Write(make([]byte, size/2)) }, asked: pushHint},
		"needed, slow":        {needed: true, pushes: slowly(pushHint / 2), asked: (steps-2)*pushHint/2 + pushHint},
		"needed, for ever":    {needed: true, begins: true, asked: blockPatience},
		"needed, of others":   {needed: true, other: true, pushes: slowly(pushHint / 2)},
		"needed, of far away": {needed: true, far: pullHedge, pushes: func(w io.Writer) { w.Write(make([]byte, size/2)) }, asked: 2 * pullHedge},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				var asked time.Duration
				f := askedFetcher(func(context.Context, bft.ID) error {
					asked = time.Since(began)
					cancel()
					return nil
				})
				f.observe(c.took)
				f.far, f.height = c.far, func() uint64 { return 0 }
				f.intake = newIntake(4, 1, disk, nil)
				in, out := io.Pipe()
				var work sync.WaitGroup
				pushed := arrival{bft.Hash{1}, 3}
				if c.other {
					pushed = arrival{bft.Hash{2}, 2}
				}
				if c.pushes != nil {
					work.Go(func() {
						defer f.intake.ended(pushed)
						for f.intake.read(pushed, in, make([]byte, size)) == nil {
						}
					})
					work.Go(func() { c.pushes(out) })
				}
				for from := bft.ID(2); c.begins && from < 4; from++ {
					work.Go(func() {
						for ctx.Err() == nil {
							half, cut := io.Pipe()
							time.AfterFunc(30*time.Millisecond+7*time.Millisecond*time.Duration(from), func() { cut.Close() })
							f.intake.read(arrival{bft.Hash{1}, from}, half, make([]byte, size))
							f.intake.ended(arrival{bft.Hash{1}, from})
						}
					})
				}
				synctest.Wait()
				f.want(ledger.Want{Lister: 2, Digest: bft.Hash{1}, Epoch: 1, Decided: c.needed})
				f.run(ctx, 2)
				if asked < c.asked || asked > c.asked+pushHint {
					t.Errorf("asked after %v, want %v", asked, c.asked)
				}
				in.Close()
				work.Wait()
				if len(f.intake.coming) > 0 {
					t.Errorf("%v are left", f.intake.coming)
				}
			})
		})
	}
}

// Who lists ever more batches that no block takes gets no more of them pulled, but those
// that a block needs; and again when blocks have taken some. What it pushes is another account.
func TestPulledBatchesAreBounded(t *testing.T) {
	disk := openStore(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var asked []bft.Hash
		f := askedFetcher(nil)
		f.ask = func(_ context.Context, _, _ bft.ID, d bft.Hash, _ func()) error {
			asked = append(asked, d)
			return nil
		}
		const limit = 1 << 20
		f.height, f.intake = func() uint64 { return 0 }, newIntake(4, limit, disk, nil)
		for i := range 4 {
			f.intake.charge(bft.Hash{byte(i), 1}, source{2, true}, limit)
		}
		if f.intake.full(2) || f.intake.held()[2] != 4*limit {
			t.Errorf("pulled batches keep their lister from pushing: %v", f.intake.held())
		}
		var work sync.WaitGroup
		work.Go(func() { f.run(ctx, 2) })
		f.want(ledger.Want{Lister: 2, Digest: bft.Hash{7}, Epoch: 1})
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(asked) > 0 {
			t.Errorf("asked for %v of a lister with too much", asked)
		}
		f.want(ledger.Want{Lister: 2, Digest: bft.Hash{8}, Epoch: 1, Decided: true})
		time.Sleep(time.Second)
		synctest.Wait()
		if len(asked) != 1 || asked[0] != (bft.Hash{8}) {
			t.Errorf("asked for %v where a block needs one", asked)
		}
		f.intake.taken([]bft.Hash{{0, 1}})
		time.Sleep(2 * pullPause)
		synctest.Wait()
		if len(asked) != 2 || asked[1] != (bft.Hash{7}) {
			t.Errorf("asked for %v when a block has taken some", asked)
		}
		cancel()
		work.Wait()
	})
}
