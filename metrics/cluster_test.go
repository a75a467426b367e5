package metrics_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"abad/api"
	"abad/api/apitest"
	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/metrics"
	"abad/net"
	"abad/net/nettest"
	"abad/node"
)

// generous ends a test that hangs; nothing is asserted about time.
const generous = 2 * time.Minute

// member is a real node of a real cluster in this process, with its metrics.
type member struct {
	*node.Node
	metrics *metrics.Metrics
	run     func()
}

// newCluster makes four nodes and runs none of them.
func newCluster(t *testing.T) []member {
	t.Helper()
	const n = 4
	group, secrets, err := coin.Deal(n, 2, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var peers []net.Peer
	var keys []ed25519.PrivateKey
	for _, addr := range nettest.FreeAddrs(t, n) {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		peers, keys = append(peers, net.Peer{Key: public, Addr: addr}), append(keys, private)
	}
	members := make([]member, n)
	for i := range members {
		key, err := coin.NewKey(group, secrets[i])
		if err != nil {
			t.Fatal(err)
		}
		m := metrics.New("1.2.3", "0123456789ab")
		it, err := node.New(node.Config{
			Self: bft.ID(i), First: true, Cluster: bft.Sum([]byte(t.Name())), Era: 1, NodeKey: keys[i], CoinKey: key,
			Peers: peers, Dir: t.TempDir(), Meters: m.Meters(),
		})
		if err != nil {
			t.Fatal(err)
		}
		m.Watch(it)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		run := sync.OnceFunc(func() { go func() { done <- it.Run(ctx) }() })
		members[i] = member{it, m, run}
		t.Cleanup(func() {
			cancel()
			run() // one that never ran has its store to close
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	return members
}

// runAll starts the nodes and waits until each of them can decide.
func runAll(t *testing.T, members []member) {
	t.Helper()
	for _, m := range members {
		m.run()
	}
	for _, m := range members {
		await(t, "ready", func() bool {
			st, err := m.Status(t.Context())
			return err == nil && st.Ready && up(st) == len(members)-1
		})
	}
}

func up(st node.Status) (count int) {
	for _, p := range st.Peers {
		if p.Up {
			count++
		}
	}
	return count
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(generous)
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("never: %s", what)
		}
	}
}

func submit(t *testing.T, m member, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), generous)
	defer cancel()
	v := batch.Value{Payload: []byte(text)}
	copy(v.ID[:], text)
	if _, err := m.Submit(ctx, v); err != nil {
		t.Fatal(err)
	}
}

// page is what /metrics of a node says, as text and taken apart.
type page struct {
	text     []byte
	families map[string]*dto.MetricFamily
}

// scrape reads /metrics through the real API.
func scrape(t *testing.T, url string) page {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %v", resp.Status, text, err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return page{text, families}
}

// answered scrapes until the node's driver had the time to tell its part.
func answered(t *testing.T, url string) (p page) {
	t.Helper()
	await(t, "an answer of the driver", func() bool {
		p = scrape(t, url)
		return p.sum(t, "abad_driver_answers") == 1
	})
	return p
}

func serve(t *testing.T, m member) (url string) {
	t.Helper()
	url, _ = apitest.Serve(t, api.Config{Node: api.Of(m.Node), Metrics: m.metrics.Registry})
	return url
}

// sum adds up a metric over its series whose labels are these: name, value, ...
func (p page) sum(t *testing.T, name string, labels ...string) (sum float64) {
	t.Helper()
	f := p.families[name]
	if f == nil {
		t.Errorf("there is no metric %s", name)
	}
series:
	for _, m := range f.GetMetric() {
		has := make(map[string]string)
		for _, l := range m.Label {
			has[l.GetName()] = l.GetValue()
		}
		for i := 0; i < len(labels); i += 2 {
			if has[labels[i]] != labels[i+1] {
				continue series
			}
		}
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
	}
	return sum
}
