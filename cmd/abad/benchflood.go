package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"abad/bench"
)

// flood is one client that does its worst: as many connections as a node takes, and
// some hundred requests a second of each kind that costs something.
func flood(addr string, streams int) bench.Flood {
	return bench.Flood{Addr: addr, Streams: streams, Slow: 100, Halves: 10, Headers: 10, Pages: 5, Statuses: 20}
}

func benchFloodCommand() *cli.Command {
	return &cli.Command{
		Name:      "flood",
		Usage:     "commit latency while one client floods a node's API, next to the same without",
		UsageText: "abad bench flood [OPTIONS]",
		Description: "Four processes on this machine take values at a steady rate; in every other period a client\n" +
			"floods the API of node 0 with idle streams, slow clients, bodies that end early, huge headers, pages\n" +
			"and status requests. The values go to the other nodes, and commit together with node 0. The\n" +
			"flooding client runs on the same machine, so that the ratio has its own work in it.\n\n" +
			"Example:\n   abad bench flood --rounds 5",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "rounds", Value: 3, Usage: "pairs of a period without and one with the flood"},
			&cli.Float64Flag{Name: "seconds", Value: 5, Usage: "how long a period is"},
			&cli.Float64Flag{Name: "rate", Value: 200, Usage: "values per second in all"},
			&cli.IntFlag{Name: "streams", Value: 10000, Usage: "idle streams of the flood"},
		},
		Action: runFlood,
	}
}

func runFlood(c *cli.Context) (err error) {
	if err := atMost(c, 0); err != nil {
		return err
	}
	if c.Int("rounds") < 1 || c.Int("streams") < 0 {
		return usagef("--rounds is at least 1, and --streams not negative")
	}
	conf := bench.Config{
		Nodes: make([]bench.Node, 3), Size: 250, Rate: c.Float64("rate"), Seconds: c.Float64("seconds"), Warmup: time.Second,
	}
	if err := check(conf, []float64{conf.Rate}); err != nil {
		return err
	}
	l := &lab{out: c.App.Writer, errs: c.App.ErrWriter}
	dir, err := os.MkdirTemp("", "abad-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	homes, _, err := createCluster(dir, 4, ports{})
	if err != nil {
		return err
	}
	cluster, err := l.start(dir, homes, nil)
	defer cluster.stop()
	if err != nil {
		return err
	}
	if err := cluster.await(c.Context); err != nil {
		tellLogs(l.errs, dir)
		return err
	}
	target, err := url.Parse(homes[0].api)
	if err != nil {
		return err
	}
	conf.Nodes = cluster.nodes()[1:]
	m := &floodMeasure{lab: l, flood: flood(target.Host, c.Int("streams")), conf: conf}
	return m.run(c.Context, c.Int("rounds"))
}

// floodMeasure measures by turns without and with a flood.
type floodMeasure struct {
	lab         *lab
	flood       bench.Flood
	conf        bench.Config
	quiet, loud []bench.Result
	last        bench.FloodCount
}

func (m *floodMeasure) run(ctx context.Context, rounds int) error {
	w := tabwriter.NewWriter(m.lab.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "round\tp50\tp99\tmost\tflooded: p50\tp99\tmost\tunanswered")
	for i := range rounds {
		quiet, err := bench.Run(ctx, m.conf)
		if err != nil {
			return err
		}
		loud, err := m.flooded(ctx)
		if err != nil {
			return err
		}
		m.quiet, m.loud = append(m.quiet, quiet), append(m.loud, loud)
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", i+1, milliseconds(quiet.P50), milliseconds(quiet.P99), milliseconds(quiet.Max),
			milliseconds(loud.P50), milliseconds(loud.P99), milliseconds(loud.Max), quiet.Missing+loud.Missing)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(m.lab.out, "\nthe last flood: %s\n", m.last)
	_, err := fmt.Fprintf(m.lab.out, "latency under the flood, as a ratio: p50 %.2f, p99 %.2f\n",
		ratio(m.quiet, m.loud, func(r bench.Result) float64 { return r.P50 }), ratio(m.quiet, m.loud, func(r bench.Result) float64 { return r.P99 }))
	return err
}

// flooded measures while the flood goes on.
func (m *floodMeasure) flooded(ctx context.Context) (bench.Result, error) {
	flooding, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	ready := make(chan struct{})
	running.Go(func() { m.last = m.flood.Run(flooding, sync.OnceFunc(func() { close(ready) })) })
	<-ready
	r, err := bench.Run(ctx, m.conf)
	stop()
	running.Wait()
	return r, err
}

// ratio is that of two means.
func ratio(before, after []bench.Result, figure func(bench.Result) float64) float64 {
	var a, b float64
	for i := range before {
		a, b = a+figure(before[i]), b+figure(after[i])
	}
	return b / a
}
