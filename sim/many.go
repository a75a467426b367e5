package sim

import (
	"context"
	"sync"
)

// Total sums up many runs.
type Total struct {
	Seeds uint64 // run, all clean but the failing one
	Stats
	Failed *Result // the lowest failing seed
}

func (t *Total) add(r Result) {
	t.Seeds++
	t.Steps += r.Steps
	t.Messages += r.Messages
	t.Blocks += r.Blocks
	t.Values += r.Values
	t.Epochs += r.Epochs
	t.Crashes += r.Crashes
	t.Blames += r.Blames
	t.Adopted += r.Adopted
	t.Coins += r.Coins
	t.Rounds = max(t.Rounds, r.Rounds)
	if r.Failure != nil && (t.Failed == nil || r.Options.Seed < t.Failed.Options.Seed) {
		t.Failed = &r
	}
}

// Many runs seeds from o.Seed on, count of them or until ctx ends, so many at a
// time. Seeds are handed out in order and none after a failure, so the lowest
// failing one is found however many run at a time. After each run done is called,
// one call at a time.
func Many(ctx context.Context, o Options, count uint64, jobs int, done func()) (Total, error) {
	if err := o.Check(); err != nil {
		return Total{}, err
	}
	m := &many{ctx: ctx, next: o, left: count, done: done}
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(m.work)
	}
	workers.Wait()
	return m.total, m.err
}

type many struct {
	ctx  context.Context
	done func()

	mu    sync.Mutex
	next  Options
	left  uint64
	total Total
	err   error
}

func (m *many) work() {
	var runner Runner
	for {
		o, ok := m.take()
		if !ok {
			return
		}
		r, err := runner.Run(o)
		m.mu.Lock()
		if err != nil {
			m.err = err
		} else {
			m.total.add(r)
			m.done()
		}
		m.mu.Unlock()
	}
}

func (m *many) take() (Options, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == 0 || m.err != nil || m.total.Failed != nil || m.ctx.Err() != nil {
		return Options{}, false
	}
	o := m.next
	m.left--
	m.next.Seed++
	return o, true
}
