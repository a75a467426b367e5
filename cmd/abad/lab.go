package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"abad/bench"
	"abad/client"
)

// lab runs scenarios, each on a cluster of its own.
type lab struct {
	out, errs io.Writer
	profiles  string // directory; "": none
}

// run measures a scenario on a new cluster, once for each rate; before that, if the
// scenario says so, on one that keeps no log.
func (l *lab) run(ctx context.Context, s bench.Scenario, rates []float64, depth int) ([]bench.Result, error) {
	conf := config(s, depth)
	for range s.Nodes {
		conf.Nodes = append(conf.Nodes, bench.Node{Process: victim{}})
	}
	if err := check(conf, rates); err != nil { // before anything starts
		return nil, err
	}
	var forgetful []bench.Result
	if s.LogCost {
		twin := s
		twin.Name, twin.Ceiling = s.Name+"-forgetful", false
		var err error
		if forgetful, err = l.runOn(ctx, twin, rates, depth, "--"+flagForgetful); err != nil {
			return nil, fmt.Errorf("without a log: %w", err)
		}
	}
	results, err := l.runOn(ctx, s, rates, depth)
	if err != nil {
		return nil, err
	}
	for i := range forgetful {
		results[i].Remembering(forgetful[i])
	}
	return results, l.print(s, results)
}

// runOn measures on a new cluster whose nodes get these flags.
func (l *lab) runOn(ctx context.Context, s bench.Scenario, rates []float64, depth int, flags ...string) (results []bench.Result, err error) {
	dir, err := os.MkdirTemp("", "abad-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	homes, _, err := createCluster(dir, s.Nodes, ports{})
	if err != nil {
		return nil, err
	}
	if !s.Network.Idle() {
		file := filepath.Join(dir, "network.json")
		if err := writeFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(s.Network) }); err != nil {
			return nil, err
		}
		flags = append(flags, "--"+flagNetwork, file)
	}
	if s.Retain > 0 {
		if err := retain(homes, s.Retain); err != nil {
			return nil, err
		}
	}
	var all, left float64
	if s.Ceiling {
		if all, left, err = l.ceilings(ctx, homes, s, flags); err != nil {
			return nil, fmt.Errorf("ceiling: %w", err)
		}
	}
	c, err := l.start(dir, homes, flags)
	defer c.stop()
	if err != nil {
		return nil, err
	}
	if err := c.await(ctx); err != nil {
		tellLogs(l.errs, dir)
		return nil, err
	}
	conf := config(s, depth)
	conf.Nodes = c.nodes()
	results, err = l.measure(ctx, s, conf, rates, c.profiles)
	if err == nil {
		err = c.alive(s.Faults)
	}
	if err != nil {
		tellLogs(l.errs, dir)
	}
	if err == nil && s.Ceiling {
		c.stop() // the bare processes take its ports
		allAfter, leftAfter, err := l.ceilings(ctx, homes, s, flags)
		if err != nil {
			return nil, fmt.Errorf("ceiling: %w", err)
		}
		// A shared machine does not keep its speed for a minute.
		all, left = (all+allAfter)/2, (left+leftAfter)/2
	}
	for i := range results {
		results[i].Network = s.Network.String()
		results[i].Against(all, left)
	}
	return results, err
}

// drive measures a running cluster.
func (l *lab) drive(ctx context.Context, s bench.Scenario, file string, access client.Config, rates []float64, depth int) ([]bench.Result, error) {
	conf := config(s, depth)
	conf.Client = access
	urls, err := readURLs(file)
	if err != nil {
		return nil, err
	}
	for _, url := range urls {
		conf.Nodes = append(conf.Nodes, bench.Node{URL: url})
	}
	if err := check(conf, rates); err != nil {
		return nil, err
	}
	results, err := l.measure(ctx, s, conf, rates, nil)
	if err != nil {
		return nil, apiError(urls[0], err)
	}
	return results, l.print(s, results)
}

func config(s bench.Scenario, depth int) bench.Config {
	return bench.Config{
		Size: s.Size, Rate: s.Rate, Seconds: s.Seconds, Warmup: s.Warmup, Clients: s.Clients, Depth: depth,
		Alone: s.Alone, Faults: s.Faults, Delay: s.Delay,
	}
}

// check says what is wrong with a run at one of the rates.
func check(conf bench.Config, rates []float64) error {
	for _, rate := range rates {
		conf.Rate = rate
		if _, err := conf.Validate(); err != nil {
			return usageError{err}
		}
	}
	return nil
}

// measure makes the runs, with a bar for each.
func (l *lab) measure(ctx context.Context, s bench.Scenario, conf bench.Config, rates []float64, profiles []string) ([]bench.Result, error) {
	var results []bench.Result
	for _, rate := range rates {
		conf.Rate = rate
		if s.Idle {
			conf.Rate = 0
		}
		var profiling sync.WaitGroup
		for i, url := range profiles {
			profiling.Go(func() { l.profile(ctx, i, url, s) })
		}
		tell, done := l.bar(s.Name)
		conf.Tell = tell
		run := bench.Run
		if s.Idle {
			run = bench.Idle
		}
		r, err := run(ctx, conf)
		done()
		profiling.Wait()
		if err != nil {
			return results, err
		}
		r.Name = s.Name
		results = append(results, r)
	}
	return results, nil
}
