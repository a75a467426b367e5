package metrics

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"abad/node"
)

// patience is how long a scrape waits for the driver, which answers between two
// ticks: far longer than a tick takes, and well below Prometheus's scrape timeout of 10 s.
const patience = 2 * time.Second

// Buckets. The commit latency's have a bound at every objective that an operator is
// likely to take (docs/operations.md takes one second).
var (
	commitBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	diskBuckets   = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	roundBuckets  = []float64{1, 2, 3, 4, 6, 8, 12, 16, 32}
)

// Metrics are those of one process. Make them with [New], give [Metrics.Meters] to
// the node and the node to [Metrics.Watch].
type Metrics struct {
	// Registry has all of them; others may register theirs.
	Registry *prometheus.Registry

	meters node.Meters
}

// New makes the metrics of a process that runs this version of the program, built
// from this commit; "" if it is not known.
func New(version, revision string) *Metrics {
	m := &Metrics{Registry: prometheus.NewRegistry()}
	m.Registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build(version, revision),
	)
	m.meters = node.Meters{
		Commit: m.histogram("abad_commit_latency_seconds",
			"Time from the submission of a value at this node to its block.", commitBuckets),
		Rounds: m.histogram("abad_aba_rounds",
			"Rounds that the binary agreement of a slot took.", roundBuckets),
		Journal: m.histogram("abad_journal_sync_seconds",
			"Time until the journal of a tick was on disk; nothing is sent before.", diskBuckets),
		Sync: m.histogram("abad_store_sync_seconds",
			"Time until a transaction of the store was on disk.", diskBuckets),
	}
	return m
}

// Meters are what the node's configuration takes.
func (m *Metrics) Meters() node.Meters { return m.meters }

// Watch adds the figures of a node. Call it once.
func (m *Metrics) Watch(n *node.Node) { m.Registry.MustRegister(&collector{node: n}) }

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	m.Registry.MustRegister(h)
	return h
}

func build(version, revision string) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "abad_build_info", Help: "1, with what this program was built from.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()},
	})
	info.Set(1)
	return info
}
