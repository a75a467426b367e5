package bench

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"abad/net/netem"
)

// Scenario is a run on a cluster of its own.
type Scenario struct {
	Name    string // of its file
	What    string // for the table
	Target  string // for the table; "" if there is none
	Nodes   int
	Size    int
	Rate    float64 // 0: saturation
	Seconds float64
	Warmup  time.Duration
	Clients int
	Alone   bool // one value at a time
	Idle    bool // no value at all
	Ceiling bool // measure that too, before and after
	LogCost bool // and the same load without journal and syncs
	Retain  int  // blocks whose payload the nodes keep; 0: all
	Faults  []Fault
	Network netem.Network
	Delay   time.Duration // of Network, where all links have the same
	// Figure is what the table shows.
	Figure func(Result) string
}

// faultAfter is how much of a run is over when a fault of the suite happens.
const faultAfter = 0.4

// Suite gives the scenarios that the project's targets are about. The short one
// takes about a minute, and shows less of each.
func Suite(full bool) []Scenario {
	long := 4.0
	if full {
		long = 30
	}
	delayed := func(s Scenario) Scenario {
		s.Delay = 50 * time.Millisecond
		s.Network = netem.Uniform(s.Nodes, s.Delay)
		return s
	}
	fault := func(kind string, node int) []Fault {
		return []Fault{{Kind: kind, Node: node, At: faultAfter * 2 * long}}
	}
	base := Scenario{Nodes: 4, Size: 250, Seconds: long, Warmup: time.Second}
	with := func(change func(*Scenario)) Scenario {
		s := base
		change(&s)
		return s
	}
	list := []Scenario{
		with(func(s *Scenario) {
			s.Name, s.What, s.Target = "saturation", "saturation, n=4, 250 B: of the ceiling", "0.5"
			s.Ceiling, s.Figure = true, wireRatio
		}),
		with(func(s *Scenario) {
			s.Name, s.What, s.Target = "killed", "the same, one of four killed: of the three-node ceiling", "0.5"
			s.Ceiling, s.Seconds, s.Faults = true, 2*long, fault("kill", 3)
			s.Figure = func(r Result) string {
				return fmt.Sprintf("%.3f (%.1f of %.1f MB/s)", r.AfterWire, r.After, r.AfterCeiling)
			}
		}),
		with(func(s *Scenario) {
			s.Name, s.What, s.Target = "rate5000", "p50 / p99 at 5,000 values/s, n=4", "8 / 40 ms"
			s.Rate, s.Figure = 5000, latencies
		}),
		with(func(s *Scenario) {
			s.Name, s.What, s.Target = "log", "journal and syncs, against none: throughput", ""
			s.LogCost, s.Seconds, s.Figure = true, long/2, func(r Result) string { return fmt.Sprintf("%.2f", r.LogValues) }
		}),
		with(func(s *Scenario) {
			s.Name, s.What, s.Target = "log1000", "the same at 1,000 values/s: p50", ""
			s.LogCost, s.Seconds, s.Rate = true, long/2, 1000
			s.Figure = func(r Result) string { return fmt.Sprintf("%.2f times (%.1f ms)", r.LogP50, r.P50) }
		}),
		delayed(with(func(s *Scenario) {
			s.Name, s.What, s.Target = "delay50-loaded", "50 ms one way, 1,000 values/s: p50 in delays", "3.6"
			s.Rate, s.Warmup, s.Figure = 1000, 2*time.Second, inDelays
		})),
		delayed(with(func(s *Scenario) {
			s.Name, s.What, s.Target = "delay50-alone", "50 ms one way, one value on an idle cluster: p50 in delays", "4.6"
			s.Alone, s.Figure = true, inDelays
		})),
		delayed(with(func(s *Scenario) {
			s.Name, s.What, s.Target = "delay50-dead", "50 ms one way, one node dead: p50 in delays", "5"
			s.Rate, s.Warmup, s.Figure = 1000, 5*time.Second, inDelays
			s.Faults = []Fault{{Kind: "kill", Node: 3, At: -4}} // the bench is for nodes that are dead for K epochs
		})),
		with(func(s *Scenario) {
			s.Name, s.What, s.Target = "stopped", "one node stopped (SIGSTOP): throughput of before", "0.7"
			s.Seconds, s.Faults = 2*long, fault("stop", 3)
			s.Figure = func(r Result) string {
				return fmt.Sprintf("%.2f, %d values without an answer", r.AfterRatio, r.Missing)
			}
		}),
		with(func(s *Scenario) {
			s.Name, s.What, s.Target = "idle", "idle, n=4: of a core / bytes per second and link", "1 % / 1000"
			s.Idle = true
			s.Figure = func(r Result) string { return fmt.Sprintf("%.2f %% / %.0f", 100*r.CPU, r.LinkBytes) }
		}),
	}
	if !full {
		return list
	}
	list = append(list, with(func(s *Scenario) {
		s.Name, s.What, s.Target = "far", "one node 300 ms away: MB/s, to compare with saturation", "0.7 of it"
		s.Network = netem.Uniform(4, 0)
		for i := range 3 {
			s.Network.Delay[i][3], s.Network.Delay[3][i] = 300, 300
		}
		s.Figure = func(r Result) string {
			return fmt.Sprintf("%.1f, %d values without an answer", r.Payload, r.Missing)
		}
	}), with(func(s *Scenario) {
		s.Name, s.What = "regions", "ten regions of a public cloud, 1,000 values/s: p50 / p99"
		s.Nodes, s.Rate, s.Network, s.Warmup, s.Figure = 10, 1000, netem.Regions().Network(10), 3*time.Second, latencies
	}), with(func(s *Scenario) {
		s.Name, s.What, s.Target = "five-minutes", "saturation for five minutes: RSS per node, mean / most", "flat, < 400 MB"
		s.Seconds, s.Retain = 300, 200 // all of it would be 100 GB
		s.Figure = func(r Result) string { return fmt.Sprintf("%.0f / %.0f MB", r.RSSMean, r.RSS) }
	}))
	for _, mb := range []float64{2, 10} {
		list = append(list, with(func(s *Scenario) {
			s.Name, s.What = fmt.Sprintf("links%g", mb), fmt.Sprintf("saturation, links of %g MB/s: of the ceiling", mb)
			s.Ceiling, s.Warmup, s.Network.Bandwidth, s.Figure = true, 5*time.Second, mb, wireRatio
		}))
	}
	for _, n := range []int{7, 16, 32} {
		list = append(list, with(func(s *Scenario) {
			s.Name, s.What = fmt.Sprintf("nodes%d", n), fmt.Sprintf("n=%d on one machine: values/s, CPU per value and node", n)
			s.Nodes, s.Clients, s.Warmup = n, 2*n, 5*time.Second
			s.Figure = func(r Result) string {
				return fmt.Sprintf("%.0f values/s, %.1f µs", r.Values, r.CPUPerReceiver/1000)
			}
		}))
	}
	return list
}

func wireRatio(r Result) string {
	return fmt.Sprintf("%.3f (%.1f of %.1f MB/s)", r.Ratio, r.Payload, r.Ceiling)
}

func latencies(r Result) string { return fmt.Sprintf("%.1f / %.1f ms", r.P50, r.P99) }

func inDelays(r Result) string { return fmt.Sprintf("%.2f", r.P50D) }

// Row is one line of the table.
type Row struct {
	Scenario Scenario
	Result   Result
}

// Table gives the table of the performance page: what was measured, its target,
// the figure, and what every run tells.
func Table(rows []Row, machine string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s.\n\n", machine)
	b.WriteString("| what | target | measured | values/s | MB/s | sent per payload byte | coins | RSS, MB |\n|---|---|---|---|---|---|---|---|\n")
	for _, row := range rows {
		r := row.Result
		fmt.Fprintf(&b, "| %s | %s | %s | %.0f | %.2f | %.3f | %d | %.0f |\n", row.Scenario.What, row.Scenario.Target,
			row.Scenario.Figure(r), r.Values, r.Payload, r.Sent, r.Coins, r.RSS)
	}
	return b.String()
}

// The table stands between these lines.
const (
	tableBegin = "<!-- bench: begin -->\n"
	tableEnd   = "<!-- bench: end -->\n"
)

// Rewrite puts a table into a page, in the place of the one that is there.
func Rewrite(page []byte, table string) ([]byte, error) {
	begin, end := bytes.Index(page, []byte(tableBegin)), bytes.Index(page, []byte(tableEnd))
	if begin < 0 || end < begin {
		return nil, fmt.Errorf("the page has no lines %q and %q", strings.TrimSpace(tableBegin), strings.TrimSpace(tableEnd))
	}
	out := append([]byte(nil), page[:begin+len(tableBegin)]...)
	return append(append(out, table...), page[end:]...), nil
}
