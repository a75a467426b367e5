package metrics

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"abad/node"
)

// metric is one of ours: its description, and whether it only grows.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// all are the descriptions of the collector, filled by gauge and counter below.
var all []*prometheus.Desc

func gauge(name, help string, labels ...string) metric {
	return describe(prometheus.GaugeValue, name, help, labels)
}

func counter(name, help string, labels ...string) metric {
	return describe(prometheus.CounterValue, name, help, labels)
}

func describe(kind prometheus.ValueType, name, help string, labels []string) metric {
	m := metric{prometheus.NewDesc("abad_"+name, help, labels, nil), kind}
	all = append(all, m.desc)
	return m
}

// collector reads a node.
type collector struct{ node *node.Node }

// Describe implements [prometheus.Collector].
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range all {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := scrape{out}
	figures, err := c.node.Figures()
	if err != nil {
		out <- prometheus.NewInvalidMetric(storeSize.desc, err)
		return
	}
	s.figures(figures)
	for i, p := range figures.Net.Peers {
		if i != figures.Self {
			s.link(strconv.Itoa(i), p)
			s.faults(strconv.Itoa(i), figures.Faults[i], p.Violations)
		}
	}
	s.links(figures.Net)
	s.disk(figures.Disk)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	status, err := c.node.Status(ctx)
	s.put(driverAnswers, truth(err == nil))
	if err == nil {
		s.status(status)
	}
}

// scrape is one answer in the making.
type scrape struct{ out chan<- prometheus.Metric }

func (s scrape) put(m metric, value float64, labels ...string) {
	s.out <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

func (s scrape) count(m metric, value uint64, labels ...string) { s.put(m, float64(value), labels...) }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// seconds is a time as Prometheus has it; 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
