package metrics_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"abad/api"
	"abad/api/apitest"
	"abad/metrics"
)

// The whole way: four nodes decide, and what one of them tells over HTTP is what
// happened.
func TestMetrics(t *testing.T) {
	const count = 10
	members := newCluster(t)
	runAll(t, members)
	url := serve(t, members[0])
	for i := range count {
		submit(t, members[0], fmt.Sprint("value ", i, strings.Repeat(".", i*10_000))) // in a frame, or pushed
	}
	var p page
	var height float64
	await(t, "quiet", func() bool { // epochs that were opened beside the last value's end without one
		p = answered(t, url)
		height = p.sum(t, "abad_height")
		return p.sum(t, "abad_open_epochs") == 0 && p.sum(t, "abad_slots_total") == 4*height
	})
	scrapes := p.sum(t, "abad_api_requests_total", "route", "/metrics")
	for _, c := range []struct {
		name   string
		labels []string
		holds  func(float64) bool
	}{
		{"abad_nodes", nil, is(4)},
		{"abad_nodes_needed", nil, is(3)},
		{"abad_nodes_seen", nil, is(4)},
		{"abad_node_info", []string{"node", "0"}, is(1)},
		{"abad_build_info", []string{"version", "1.2.3", "revision", "0123456789ab"}, is(1)},
		{"abad_ready", nil, is(1)},
		{"abad_driver_answers", nil, is(1)},
		{"abad_behind_blocks", nil, is(0)},
		{"abad_values_total", nil, is(count)},
		{"abad_blocks_total", nil, is(height)},
		{"abad_height", nil, atLeast(count)},
		{"abad_committed_bytes_total", nil, atLeast(count * 8)},
		{"abad_submissions_total", []string{"outcome", "accepted"}, is(count)},
		{"abad_submissions_total", []string{"outcome", "busy"}, is(0)},
		{"abad_own_values", nil, is(0)},
		{"abad_own_oldest_seconds", nil, is(0)},
		{"abad_slots_total", []string{"outcome", "accepted"}, atLeast(3 * height)},
		{"abad_slots_total", []string{"proposer", "0"}, is(height)},
		{"abad_slots_total", []string{"proposer", "0", "outcome", "accepted"}, atLeast(count)},
		{"abad_commit_latency_seconds", nil, above(0)},
		{"abad_aba_rounds", nil, above(0)},
		{"abad_journal_sync_seconds", nil, above(0)},
		{"abad_store_sync_seconds", nil, above(0)},
		{"abad_store_size_bytes", nil, above(0)},
		{"abad_store_min_free_bytes", nil, is(256 << 20)},
		{"abad_block_timestamp_seconds", nil, above(1e9)},
		{"abad_peer_up", nil, is(3)},
		{"abad_peer_round_trip_seconds", []string{"peer", "3"}, above(0)},
		{"abad_peer_congestion_window_bytes", []string{"peer", "3"}, above(1000)},
		{"abad_peer_sent_bytes_total", []string{"peer", "3", "kind", "control"}, above(0)},
		{"abad_peer_sent_frames_total", []string{"peer", "3", "kind", "push"}, above(0)},
		{"abad_peer_wire_sent_bytes_total", nil, above(p.sum(t, "abad_peer_sent_bytes_total"))},
		{"abad_peer_faults_total", nil, is(0)},
		{"abad_connections_refused_total", []string{"cause", "by_peer"}, is(0)},
		{"go_goroutines", nil, above(0)},
		{"process_start_time_seconds", nil, above(1e9)},
	} {
		if got := p.sum(t, c.name, c.labels...); !c.holds(got) {
			t.Errorf("%s%v is %v", c.name, c.labels, got)
		}
	}
	if n := len(p.families["abad_peer_up"].Metric); n != 3 {
		t.Errorf("%d peers", n)
	}
	again := scrape(t, url)
	if got := again.sum(t, "abad_api_requests_total", "route", "/metrics", "code", "200"); got != scrapes+1 {
		t.Errorf("%v scrapes before this one, and %v before the last one", got, scrapes)
	}
}

func is(want float64) func(float64) bool      { return func(v float64) bool { return v == want } }
func atLeast(want float64) func(float64) bool { return func(v float64) bool { return v >= want } }
func above(want float64) func(float64) bool   { return func(v float64) bool { return v > want } }

// A node whose driver does not answer still tells all that others know, and that.
// What it tells is complete and follows the conventions, also before anything happens.
func TestStuckNode(t *testing.T) {
	members := newCluster(t)
	stuck := scrape(t, serve(t, members[0])) // it does not run
	if got := stuck.sum(t, "abad_driver_answers"); got != 0 {
		t.Fatalf("a driver that does not run answers: %v", got)
	}
	if stuck.families["abad_ready"] != nil {
		t.Error("nobody can know that")
	}
	runAll(t, members)
	submit(t, members[1], "one value")
	well := answered(t, serve(t, members[1]))
	late := map[string]bool{}
	driven := []string{
		"abad_ready", "abad_nodes_seen", "abad_behind_blocks", "abad_catch_up_left_seconds", "abad_silent_epochs", "abad_open_epochs",
		"abad_batches_held", "abad_batches_orphaned", "abad_peer_height", "abad_peer_certified_height",
	}
	for _, name := range driven {
		late[name] = true
		if well.families[name] == nil {
			t.Errorf("a node that runs does not tell %s", name)
		}
	}
	for name := range well.families {
		if stuck.families[name] == nil && !late[name] {
			t.Errorf("%s is not there before the first event", name)
		}
	}
	lint(t, well.text)
}

// lint is what promtool check metrics does, by the same package.
func lint(t *testing.T, text []byte) {
	t.Helper()
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	promtool(t, bytes.NewReader(text), "check", "metrics")
}

// The linter finds what it is there for.
func TestLintBites(t *testing.T) {
	problems, err := promlint.New(strings.NewReader("# HELP abad_values Values.\n# TYPE abad_values counter\nabad_values 1\n")).Lint()
	if err != nil || len(problems) != 1 {
		t.Errorf("%v %v", problems, err)
	}
}

// Without a registry there is no /metrics, and one registry serves one API.
func TestMetricsAreOptional(t *testing.T) {
	url, _ := apitest.Serve(t, api.Config{Node: apitest.New()})
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Error(resp.Status)
	}
	m := metrics.New("", "")
	apitest.Serve(t, api.Config{Node: apitest.New(), Metrics: m.Registry})
	if _, err := api.New(api.Config{Node: apitest.New(), Metrics: m.Registry}); err == nil || !strings.Contains(err.Error(), "Metrics") {
		t.Error(err)
	}
}
