package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"abad/bench"
	"abad/home"
	"abad/net/netem"
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:      "bench",
		Usage:     "load a cluster and say what comes out, next to what the wire would do",
		UsageText: "abad bench [OPTIONS]\nabad bench --suite short|full [--doc FILE]",
		Description: "It starts a cluster on this machine, a process for each node, or loads a running one (--cluster).\n" +
			"With --rate the load is an open loop, and latency counts from the time at which a value was to be\n" +
			"sent; without, it is as much as comes out. Several rates make several runs. With --ceiling bare\n" +
			"processes broadcast the same bytes over QUIC before and after, and throughput is a ratio to that.\n\n" +
			"Examples:\n   abad bench --ceiling\n   abad bench --rate 1000 --rate 5000 --seconds 20 --out bench.json --plots plots\n" +
			"   abad bench --nodes 7 --kill 6@10s --stop 5@10s --seconds 30\n   abad bench --rate 500 --delay 50ms --jitter 5ms --loss 0.1%\n" +
			"   abad bench --nodes 10 --rate 500 --matrix regions",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "nodes", Value: 4, Usage: "nodes of the cluster"},
			&cli.StringFlag{Name: "cluster", TakesFile: true, Usage: "`FILE` with the APIs of a running cluster, a URL in each line, instead"},
			tokenFlag(),
			caFlag(),
			&cli.IntFlag{Name: "size", Value: 250, Usage: "bytes of a value"},
			&cli.Float64SliceFlag{Name: "rate", Usage: "values per second in all; may be repeated", DefaultText: "as many as come out"},
			&cli.Float64Flag{Name: "seconds", Value: 10, Usage: "how long to measure"},
			&cli.DurationFlag{Name: "warmup", Value: 2 * time.Second, Usage: "how long to load before that"},
			&cli.IntFlag{Name: "clients", Usage: "connections in all", DefaultText: "two for each node, four without --rate"},
			&cli.IntFlag{Name: "depth", Usage: "values in flight on each connection without --rate", DefaultText: "65536 over all"},
			&cli.BoolFlag{Name: "alone", Usage: "one value at a time, on the idle cluster"},
			&cli.BoolFlag{Name: "idle", Usage: "no value at all"},
			&cli.BoolFlag{Name: "ceiling", Usage: "measure bare QUIC too, before and after"},
			&cli.BoolFlag{Name: "log-cost", Usage: "measure the same load first on a cluster without journal and syncs"},
			&cli.StringSliceFlag{Name: "kill", Usage: "kill a node, `N@T`: node 3 after ten seconds is 3@10s"},
			&cli.StringSliceFlag{Name: "stop", Usage: "stop a node without killing it, `N@T`"},
			&cli.DurationFlag{Name: "delay", Usage: "delay of every link, one way"},
			&cli.DurationFlag{Name: "jitter", Usage: "how much longer or shorter a delay may be"},
			&cli.StringFlag{Name: "loss", Usage: "part of the packets that is lost, like 0.1%"},
			&cli.Float64Flag{Name: "bandwidth", Usage: "MB/s that every link carries, one way", DefaultText: "as many as it does"},
			&cli.StringFlag{Name: "matrix", Usage: "`FILE` with round-trip times in milliseconds as CSV, or regions for ten of a public cloud"},
			&cli.StringFlag{Name: "out", TakesFile: true, Usage: "write the figures to `FILE` as JSON"},
			&cli.StringFlag{Name: "plots", TakesFile: true, Usage: "write PNG plots to the directory `DIR`"},
			&cli.StringFlag{Name: "profile", Usage: "write profiles of all nodes to the directory `DIR`"},
			&cli.StringFlag{Name: "suite", Usage: "run the scenarios of the performance page: short or full"},
			&cli.StringFlag{Name: "only", Usage: "of the suite only what has `NAME` in its name"},
			&cli.StringFlag{Name: "results", TakesFile: true, Usage: "write the suite's figures to the directory `DIR`"},
			&cli.StringFlag{Name: "doc", TakesFile: true, Usage: "rewrite the table in `FILE`"},
		},
		Subcommands:  []*cli.Command{benchWireCommand(), benchFloodCommand()},
		Action:       runBench,
		OnUsageError: badFlag,
	}
}

func runBench(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	l := &lab{out: c.App.Writer, errs: c.App.ErrWriter, profiles: c.String("profile")}
	if c.IsSet("suite") {
		return runSuite(c, l)
	}
	s, err := scenario(c)
	if err != nil {
		return err
	}
	rates := c.Float64Slice("rate")
	if len(rates) == 0 {
		rates = []float64{0}
	}
	if len(s.Faults) > 0 && len(rates) > 1 {
		return usagef("--kill and --stop take one --rate: a node that is dead stays so")
	}
	var results []bench.Result
	if c.IsSet("cluster") {
		access, bad := letIn(c)
		if bad != nil {
			return bad
		}
		results, err = l.drive(c.Context, s, c.String("cluster"), access, rates, c.Int("depth"))
	} else {
		results, err = l.run(c.Context, s, rates, c.Int("depth"))
	}
	if err != nil {
		return err
	}
	return l.keep(results, c.String("out"), c.String("plots"))
}

// scenario is what the flags say.
func scenario(c *cli.Context) (bench.Scenario, error) {
	s := bench.Scenario{
		Name: "bench", Nodes: c.Int("nodes"), Size: c.Int("size"), Seconds: c.Float64("seconds"), Warmup: c.Duration("warmup"),
		Clients: c.Int("clients"), Alone: c.Bool("alone"), Idle: c.Bool("idle"), Ceiling: c.Bool("ceiling"), LogCost: c.Bool("log-cost"),
	}
	if _, err := nodesFlag(c); err != nil {
		return s, err
	}
	for _, kind := range []string{"kill", "stop"} {
		for _, text := range c.StringSlice(kind) {
			f, err := bench.ParseFault(kind, text)
			if err != nil {
				return s, usageError{fmt.Errorf("--%s: %w", kind, err)}
			}
			s.Faults = append(s.Faults, f)
		}
	}
	if c.IsSet("cluster") && (s.Ceiling || s.LogCost || len(s.Faults) > 0 || c.IsSet("delay") || c.IsSet("jitter") || c.IsSet("loss") || c.IsSet("bandwidth") || c.IsSet("matrix")) {
		return s, usagef("--cluster: faults, networks and the ceiling need a cluster of our own")
	}
	return s, network(c, &s)
}

// network reads the flags that make the network worse than it is.
func network(c *cli.Context, s *bench.Scenario) error {
	if c.Duration("delay") < 0 || c.Duration("jitter") < 0 {
		return usagef("--delay and --jitter are not negative")
	}
	if d := c.Duration("delay"); d > 0 {
		s.Delay, s.Network = d, netem.Uniform(s.Nodes, d)
	}
	if name := c.String("matrix"); name != "" {
		if s.Delay > 0 {
			return usagef("--delay and --matrix contradict each other")
		}
		m := netem.Regions()
		if name != "regions" {
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			defer f.Close()
			if m, err = netem.ReadMatrix(f); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		s.Network = m.Network(s.Nodes)
	}
	s.Network.Bandwidth = c.Float64("bandwidth")
	s.Network.Jitter = float64(c.Duration("jitter")) / float64(time.Millisecond)
	if text := c.String("loss"); text != "" {
		var part float64
		unit := 1.0
		if strings.HasSuffix(text, "%") {
			unit = 100
		}
		if _, err := fmt.Sscanf(strings.TrimSuffix(text, "%")+"\n", "%g\n", &part); err != nil || !(part >= 0 && part <= unit) {
			return usagef("--loss: %q is not a part like 0.1%% or 0.001", text)
		}
		s.Network.Loss = part / unit
	}
	if err := s.Network.Validate(s.Nodes); err != nil {
		return usageError{err}
	}
	return nil
}

// keep writes what there is to be kept of some runs.
func (l *lab) keep(results []bench.Result, out, plots string) error {
	if out != "" {
		if err := writeFile(out, func(w io.Writer) error { return bench.WriteJSON(w, results...) }); err != nil {
			return err
		}
	}
	if plots == "" {
		return nil
	}
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	for i, r := range results {
		name := "timeline.png"
		if len(results) > 1 {
			name = fmt.Sprintf("timeline%d.png", i)
		}
		if err := bench.PlotTimeline(filepath.Join(plots, name), r); err != nil {
			return err
		}
	}
	return bench.PlotRates(filepath.Join(plots, "rates.png"), results)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// runSuite runs the scenarios of the performance page.
func runSuite(c *cli.Context, l *lab) error {
	kind := c.String("suite")
	if kind != "short" && kind != "full" {
		return usagef("--suite: %q is neither short nor full", kind)
	}
	var rows []bench.Row
	for _, s := range bench.Suite(kind == "full") {
		if !strings.Contains(s.Name, c.String("only")) {
			continue
		}
		results, err := l.run(c.Context, s, []float64{s.Rate}, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		rows = append(rows, bench.Row{Scenario: s, Result: results[0]})
		if dir := c.String("results"); dir != "" {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := l.keep(results, filepath.Join(dir, s.Name+".json"), ""); err != nil {
				return err
			}
		}
	}
	table := bench.Table(rows, fmt.Sprintf("with abad bench --suite %s on %d cores (%s/%s, %s)", kind, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()))
	fmt.Fprint(l.out, "\n", table)
	doc := c.String("doc")
	if doc == "" {
		return nil
	}
	page, err := os.ReadFile(doc)
	if err == nil {
		page, err = bench.Rewrite(page, table)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(doc, page, 0o644)
}

// benchWireCommand is one bare process of the ceiling, which abad bench starts.
func benchWireCommand() *cli.Command {
	return &cli.Command{
		Name:   "wire",
		Hidden: true,
		Flags: append(testFlags(),
			&cli.StringFlag{Name: "home"},
			&cli.IntFlag{Name: "nodes"}, // the first so many of the cluster
			&cli.Float64Flag{Name: "seconds"},
		),
		Action: func(c *cli.Context) error {
			h, err := home.Load(c.String("home"))
			if err != nil {
				return err
			}
			w := bench.Wire{Self: int(h.Self), Key: h.NodeKey, Warmup: time.Second, Seconds: c.Float64("seconds")}
			for _, n := range h.Roster.Nodes[:c.Int("nodes")] {
				w.Addrs, w.Keys = append(w.Addrs, n.Addr), append(w.Keys, n.LinkKey())
			}
			if file := c.String(flagNetwork); file != "" {
				if w.Wrap, err = testNetwork(file, h); err != nil {
					return err
				}
			}
			return w.Run(c.Context, os.Stdin, c.App.Writer)
		},
	}
}
