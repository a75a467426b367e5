package bench

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Run loads the cluster once and says what came of it. The nodes have to be ready.
func Run(ctx context.Context, c Config) (Result, error) {
	c, err := c.Validate()
	if err != nil {
		return Result{}, err
	}
	clients, err := c.clients()
	if err != nil {
		return Result{}, err
	}
	defer closeAll(clients)
	start := time.Now().Add(c.Warmup)
	length := seconds(c.Seconds)
	stop := start.Add(length)
	var done atomic.Int64
	workers := make([]*worker, c.Clients)
	for i := range workers {
		w := newWorker(c, clients, i)
		w.record, w.stop, w.done = newRecord(start, length), stop, &done
		if c.Rate > 0 {
			w.sched = &schedule{start: start.Add(-c.Warmup), rate: c.Rate, clients: c.Clients, client: i}
		}
		workers[i] = w
	}
	r := &running{conf: c, start: start, stop: stop, done: &done, sampler: newSampler(clients)}
	if err := r.drive(ctx, workers); err != nil {
		return Result{}, err
	}
	all := newRecord(start, length)
	moves := 0
	for _, w := range workers {
		if done.Load() == 0 && w.lost != nil {
			return Result{}, fmt.Errorf("no value got in: %w", w.lost)
		}
		all.merge(w.record)
		moves += w.moves
	}
	return c.result(all, r.sampler.total(), moves), nil
}

// running is a run under way.
type running struct {
	conf        Config
	start, stop time.Time
	done        *atomic.Int64
	sampler     *sampler
}

// drive runs the workers, the faults and the samples side by side.
func (r *running) drive(ctx context.Context, workers []*worker) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	patient, giveUp := context.WithDeadline(ctx, r.stop.Add(drainTime))
	defer giveUp()
	var loading, beside sync.WaitGroup
	errs := make([]error, len(workers)+len(r.conf.Faults))
	for i, w := range workers {
		loading.Go(func() { errs[i] = w.run(patient) })
	}
	for i, f := range r.conf.Faults {
		beside.Go(func() { errs[len(workers)+i] = f.strike(ctx, r.start, r.conf.Nodes[f.Node]) })
	}
	beside.Go(func() { r.tell(ctx) })
	beside.Go(func() { r.sample(ctx) })
	loading.Wait()
	cancelled := ctx.Err() != nil
	cancel()
	beside.Wait()
	if cancelled {
		return context.Cause(ctx)
	}
	return cmp.Or(errs...)
}

// sample looks at the nodes from the start of the measuring to its end.
func (r *running) sample(ctx context.Context) {
	if pause(ctx, time.Until(r.start)) != nil {
		return
	}
	r.sampler.round(ctx)
	during, done := context.WithDeadline(ctx, r.stop)
	defer done()
	r.sampler.run(during)
	r.sampler.round(ctx)
}

func (r *running) tell(ctx context.Context) {
	const period = 100 * time.Millisecond
	began, before := time.Now(), int64(0)
	for pause(ctx, period) == nil {
		now := r.done.Load()
		part := float64(time.Since(began)) / float64(r.stop.Sub(began))
		r.conf.Tell(min(part, 1), float64(now-before)/period.Seconds())
		before = now
	}
}

// Idle watches a cluster that has nothing to do.
func Idle(ctx context.Context, c Config) (Result, error) {
	c, err := c.Validate()
	if err != nil {
		return Result{}, err
	}
	clients, err := c.clients()
	if err != nil {
		return Result{}, err
	}
	defer closeAll(clients)
	s := newSampler(clients)
	if err := pause(ctx, c.Warmup); err != nil {
		return Result{}, err
	}
	s.round(ctx)
	if err := pause(ctx, seconds(c.Seconds)); err != nil {
		return Result{}, err
	}
	s.round(ctx)
	t := s.total()
	if t.nodes == 0 {
		return Result{}, fmt.Errorf("no node says what it does: %w", s.err)
	}
	return c.result(newRecord(time.Now(), seconds(c.Seconds)), t, 0), nil
}
