package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"abad/bench"
	"abad/client"
	"abad/home"
)

const (
	// labReady is how long a cluster may take until all see each other: keys of 32
	// nodes and a slow disk among them.
	labReady = 2 * time.Minute
	// wireSeconds is how long a ceiling is measured at most, after a second of
	// warming up.
	wireSeconds = 4.0
)

// lab runs scenarios, each on a cluster of its own.
type lab struct {
	out, errs io.Writer
	profiles  string // directory; "": none
}

// run measures a scenario on a new cluster, once for each rate; before that, if the
// scenario says so, on one that keeps no log.
func (l *lab) run(ctx context.Context, s bench.Scenario, rates []float64, depth int) ([]bench.Result, error) {
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
	results, err := l.measure(ctx, s, conf, rates, nil)
	if err != nil {
		return nil, apiError(urls[0], err)
	}
	return results, l.print(s, results)
}

// readURLs reads a URL in each line, or the cluster.toml of a cluster that says
// where its APIs are.
func readURLs(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var urls []string
	if strings.HasSuffix(file, ".toml") {
		roster, err := home.ParseRoster(file, data)
		if err != nil {
			return nil, err
		}
		for i, n := range roster.Nodes {
			if n.API == "" {
				return nil, fmt.Errorf("%s does not say where the API of node %d is", file, i)
			}
			urls = append(urls, n.API)
		}
		return urls, nil
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			urls = append(urls, line)
		}
	}
	if len(urls) == 0 {
		return nil, fmt.Errorf("%s has no URL in it", file)
	}
	return urls, nil
}

func config(s bench.Scenario, depth int) bench.Config {
	return bench.Config{
		Size: s.Size, Rate: s.Rate, Seconds: s.Seconds, Warmup: s.Warmup, Clients: s.Clients, Depth: depth,
		Alone: s.Alone, Faults: s.Faults, Delay: s.Delay,
	}
}

// measure makes the runs, with a bar for each.
func (l *lab) measure(ctx context.Context, s bench.Scenario, conf bench.Config, rates []float64, profiles []string) ([]bench.Result, error) {
	var results []bench.Result
	for _, rate := range rates {
		conf.Rate = rate
		if s.Idle {
			conf.Rate = 0
		}
		if _, err := conf.Validate(); err != nil {
			return results, usageError{err}
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

// bar shows how far a run is, on a terminal.
func (l *lab) bar(name string) (tell func(done, rate float64), finish func()) {
	if !colourful(l.errs) {
		return nil, func() {}
	}
	const steps = 1000
	var mu sync.Mutex
	var now float64
	p := mpb.New(mpb.WithOutput(l.errs), mpb.WithWidth(50))
	bar := p.AddBar(steps, mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.Percentage(), decor.Any(func(decor.Statistics) string {
			mu.Lock()
			defer mu.Unlock()
			return fmt.Sprintf("  %.0f values/s", now)
		})))
	return func(done, rate float64) {
			mu.Lock()
			now = rate
			mu.Unlock()
			bar.SetCurrent(int64(done * steps))
		}, func() {
			bar.Abort(true)
			p.Wait()
		}
}

func (l *lab) print(s bench.Scenario, results []bench.Result) error {
	for _, r := range results {
		load := "saturation"
		switch {
		case s.Idle:
			load = "idle"
		case s.Alone:
			load = "one value at a time"
		case r.Rate > 0:
			load = fmt.Sprintf("%g values/s", r.Rate)
		}
		fmt.Fprintf(l.out, "%s: %d nodes, values of %d bytes, %s, %g s\n", s.Name, r.Nodes, r.Size, load, r.Seconds)
		if err := r.Print(l.out); err != nil {
			return err
		}
	}
	return nil
}

// ceilings measures bare processes in the place of all nodes, and of those that the
// scenario's faults leave.
func (l *lab) ceilings(ctx context.Context, homes []homeDir, s bench.Scenario, flags []string) (all, left float64, err error) {
	gone := map[int]bool{}
	for _, f := range s.Faults {
		gone[f.Node] = true
	}
	seconds := min(wireSeconds, s.Seconds)
	if all, err = l.ceiling(ctx, homes, seconds, flags); err != nil {
		return 0, 0, err
	}
	// All links are alike here, so any nodes do for those that are left; a network
	// file is one of all nodes.
	if n := len(homes) - len(gone); len(gone) > 0 && n > 1 && len(flags) == 0 {
		left, err = l.ceiling(ctx, homes[:n], seconds, flags)
	}
	return all, left, err
}

func (l *lab) ceiling(ctx context.Context, homes []homeDir, seconds float64, flags []string) (float64, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	var commands []*exec.Cmd
	for _, h := range homes {
		commands = append(commands, &exec.Cmd{
			Path: program,
			Args: append([]string{os.Args[0], "bench", "wire", "--home", h.dir, "--nodes", fmt.Sprint(len(homes)),
				"--seconds", fmt.Sprint(seconds)}, flags...),
			Stderr: l.errs, SysProcAttr: childAttributes(),
		})
	}
	return bench.Ceiling(ctx, commands)
}

// labCluster is a cluster of processes under measurement.
type labCluster struct {
	processes []*process
	profiles  []string // URLs, where profiles are wanted
	logs      []*os.File
}

func (l *lab) start(dir string, homes []homeDir, flags []string) (*labCluster, error) {
	c := &labCluster{}
	first := 0
	if l.profiles != "" {
		p, err := freePorts(len(homes))
		if err != nil {
			return c, err
		}
		first = p.api
	}
	for i, h := range homes {
		output, err := os.Create(logFile(dir, i))
		if err != nil {
			return c, err
		}
		c.logs = append(c.logs, output)
		own := flags
		if first > 0 {
			own = append(own[:len(own):len(own)], "--"+flagProfiles, loopback(first+i))
			c.profiles = append(c.profiles, "http://"+loopback(first+i))
		}
		p, err := startProcess(i, h.dir, h.api, output, own...)
		if err != nil {
			return c, err
		}
		c.processes = append(c.processes, p)
	}
	return c, nil
}

// await waits until every node sees every other.
func (c *labCluster) await(ctx context.Context) error {
	why := fmt.Errorf("the nodes do not see each other after %v", labReady)
	ctx, cancel := context.WithTimeoutCause(ctx, labReady, why)
	defer cancel()
	for _, p := range c.processes {
		api, err := client.New(client.Config{URL: p.api})
		if err != nil {
			return err
		}
		for {
			status, err := api.Status(ctx)
			up := 0
			for _, peer := range status.Peers {
				if peer.Up {
					up++
				}
			}
			if err == nil && up == len(c.processes)-1 {
				break
			}
			if !p.running() {
				return fmt.Errorf("node %d has ended: %s", p.node, p.ending())
			}
			if err := pause(ctx, readyPoll); err != nil {
				return err
			}
		}
		api.Close()
	}
	return nil
}

// alive is an error if a node has ended that no fault was to kill: of a full disk, say.
func (c *labCluster) alive(faults []bench.Fault) error {
	for i, p := range c.processes {
		meant := slices.ContainsFunc(faults, func(f bench.Fault) bool { return f.Node == i })
		if !meant && !p.running() {
			return fmt.Errorf("node %d has ended in the middle of it: %s", i, p.ending())
		}
	}
	return nil
}

// retain makes the nodes keep the payload of so many blocks.
func retain(homes []homeDir, blocks int) error {
	const unset = "# retain = 0\n"
	for _, h := range homes {
		path := filepath.Join(h.dir, home.ConfigFile)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		before, after, found := strings.Cut(string(data), unset)
		if !found {
			return fmt.Errorf("%s does not say %q", path, unset)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, "%sretain = %d\n%s", before, blocks, after), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (c *labCluster) nodes() []bench.Node {
	var nodes []bench.Node
	for _, p := range c.processes {
		nodes = append(nodes, bench.Node{URL: p.api, Process: victim{p}})
	}
	return nodes
}

// stop ends the processes, also those that are stopped.
func (c *labCluster) stop() {
	for _, p := range c.processes {
		if p.running() {
			victim{p}.Continue()
		}
	}
	stopAll(context.Background(), c.processes)
	for _, f := range c.logs {
		f.Close()
	}
}

// victim is a process that the bench may hurt.
type victim struct{ p *process }

func (v victim) Kill() error { v.p.kill(); return nil }

// profile keeps what a node did while it was measured. A profile that cannot be had
// spoils no measurement: it is told and missing.
func (l *lab) profile(ctx context.Context, node int, url string, s bench.Scenario) {
	err := os.MkdirAll(l.profiles, 0o755)
	if err == nil {
		err = pause(ctx, s.Warmup)
	}
	for _, kind := range []string{fmt.Sprintf("profile?seconds=%d", max(1, int(s.Seconds)-1)), "allocs", "mutex", "block"} {
		if err != nil {
			break
		}
		name, _, _ := strings.Cut(kind, "?")
		err = fetchTo(ctx, filepath.Join(l.profiles, fmt.Sprintf("%s-node%d.%s.pprof", s.Name, node, name)), url+"/debug/pprof/"+kind)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(l.errs, "abad: no profile of node %d: %v\n", node, err)
	}
}

func fetchTo(ctx context.Context, file, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return writeFile(file, func(w io.Writer) error {
		_, err := io.Copy(w, resp.Body)
		return err
	})
}
