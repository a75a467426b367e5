package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"abad/client"
)

// Run loads the cluster once and says what came of it. The nodes have to be ready.
func Run(ctx context.Context, c Config) (Result, error) {
	c, err := c.Validate()
	if err != nil {
		return Result{}, err
	}
	var clients []*client.Client
	for i, n := range c.Nodes {
		to, err := client.New(client.Config{URL: n.URL})
		if err != nil {
			return Result{}, fmt.Errorf("node %d: %w", i, err)
		}
		defer to.Close()
		clients = append(clients, to)
	}
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
	return errors.Join(errs...)
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
	var clients []*client.Client
	for _, n := range c.Nodes {
		to, err := client.New(client.Config{URL: n.URL})
		if err != nil {
			return Result{}, err
		}
		defer to.Close()
		clients = append(clients, to)
	}
	s := newSampler(clients)
	if err := pause(ctx, c.Warmup); err != nil {
		return Result{}, err
	}
	s.round(ctx)
	if err := pause(ctx, seconds(c.Seconds)); err != nil {
		return Result{}, err
	}
	s.round(ctx)
	start := time.Now()
	return c.result(newRecord(start, seconds(c.Seconds)), s.total(), 0), nil
}
