package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abad/bench"
	"abad/home"
)

// The bench end to end, with little of everything: bare processes, four nodes, one
// of which is killed, figures, plots and profiles.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "bench.json")
	text := abad(t, "bench", "--ceiling", "--rate", "300", "--seconds", "4", "--warmup", "500ms", "--clients", "4",
		"--size", "100", "--kill", "3@1s", "--delay", "1ms", "--jitter", "0.5ms", "--loss", "0.1%", "--bandwidth", "50",
		"--out", out, "--plots", filepath.Join(dir, "plots"))
	for _, want := range []string{"300 values/s", "of the ceiling", "after the fault", "1 ms one way, ± 0.5 ms, 0.1 % lost, 50 MB/s a link", "p50 / p90 / p99 / max", "coins"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"values_per_s", "payload_mb_per_s", "ceiling_mb_per_s", "ratio", "p50_ms", "p99_ms", "p50_delays", "sent_per_payload_byte",
		"rss_mb", "cpu_ns_per_value", "messages_per_block", "frames_per_block", "fsyncs_per_s", "aba_rounds_per_slot",
	} {
		if n, ok := got[name].(float64); !ok || n <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if _, ok := got["coins"].(float64); !ok {
		t.Errorf("coins is %v", got["coins"])
	}
	if p50 := got["p50_ms"].(float64); p50 < 3 { // three delays are the least
		t.Errorf("p50 is %v ms with a delay of 1 ms", p50)
	}
	if n := got["unanswered"].(float64); n > 0 {
		t.Errorf("%v values have no answer: those of the killed node did not move over", n)
	}
	for _, name := range []string{"timeline.png", "rates.png"} {
		if info, err := os.Stat(filepath.Join(dir, "plots", name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A running cluster is driven by its URLs, one value at a time, and profiles of
// nodes of our own can be had.
func TestBenchOfARunningCluster(t *testing.T) {
	nodes := runLocalNodes(t, 1)
	file := filepath.Join(t.TempDir(), "urls")
	if err := os.WriteFile(file, []byte("# the cluster\n"+nodes.apis[0]+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	abad(t, "status", "--api", nodes.apis[0], "--wait", "30s")
	text := abad(t, "bench", "--cluster", file, "--alone", "--seconds", "1", "--warmup", "0s")
	if !strings.Contains(text, "one value at a time") || !strings.Contains(text, "1 nodes") {
		t.Error(text)
	}
	text = abad(t, "bench", "--nodes", "1", "--log-cost", "--rate", "100", "--seconds", "3", "--warmup", "1s")
	if !strings.Contains(text, "with the log / without") {
		t.Error(text)
	}
	profiles := filepath.Join(t.TempDir(), "profiles")
	abad(t, "bench", "--nodes", "1", "--seconds", "2", "--warmup", "0s", "--profile", profiles)
	for _, kind := range []string{"profile", "allocs", "mutex", "block"} {
		if info, err := os.Stat(filepath.Join(profiles, "bench-node0."+kind+".pprof")); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestBenchUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--kill", "3"}, {"--kill", "4@1"}, {"--kill", "3@99"}, {"--stop", "x@1"}, {"--loss", "2"}, {"--loss", "101%"}, {"--loss", "x"}, {"--bandwidth", "-1"}, {"--bandwidth", "x"},
		{"--delay", "-1s"}, {"--delay", "1ms", "--matrix", "regions"}, {"--rate", "-1"}, {"--size", "0"}, {"--seconds", "0"},
		{"--rate", "5", "--rate", "x"}, {"--rate", "5", "--rate", "-1"}, {"--clients", "-1"}, {"--alone", "--rate", "1"},
		{"--suite", "long"}, {"--kill", "3@1", "--rate", "1", "--rate", "2"}, {"--cluster", "x", "--ceiling"}, {"--cluster", "x", "--log-cost"}, {"extra"},
		{"flood", "--rate", "-1"}, {"flood", "--seconds", "0"}, {"flood", "--rounds", "0"}, {"flood", "--streams", "-1"},
	} {
		cmd := program(t, append([]string{"bench"}, args...)...)
		text, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != exitUsage {
			t.Errorf("bench %v: exit code %d: %s", args, cmd.ProcessState.ExitCode(), text)
		}
		if strings.Contains(string(text), "level=INFO") {
			t.Errorf("bench %v started nodes first: %s", args, text)
		}
	}
}

// A node that ends in the middle of a run, and that no fault was to kill, spoils it.
func TestBenchSeesANodeThatHasEnded(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	c := labCluster{processes: []*process{{ended: make(chan struct{})}, {node: 1, ended: ended, err: errors.New("disk full")}}}
	if err := c.alive([]bench.Fault{{Kind: "kill", Node: 0}}); err == nil || !strings.Contains(err.Error(), "node 1 has ended") || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("%v", err)
	}
	if err := c.alive([]bench.Fault{{Kind: "kill", Node: 1}}); err != nil {
		t.Errorf("a node that was to be killed: %v", err)
	}
}

// Nobody waits for the peers of a node when another one cannot begin.
func TestBenchSeesANodeThatCannotBegin(t *testing.T) {
	lonely := httptest.NewServer(http.NotFoundHandler())
	defer lonely.Close()
	ended := make(chan struct{})
	close(ended)
	c := labCluster{processes: []*process{{api: lonely.URL, ended: make(chan struct{})}, {node: 1, ended: ended, err: errors.New("the port is taken")}}}
	if err := c.await(t.Context()); err == nil || !strings.Contains(err.Error(), "node 1 has ended: the port is taken") {
		t.Error(err)
	}
}

func TestBenchRetain(t *testing.T) {
	homes, _, err := createCluster(t.TempDir(), 4, ports{})
	if err != nil {
		t.Fatal(err)
	}
	if err := retain(homes, 77); err != nil {
		t.Fatal(err)
	}
	for _, h := range homes {
		if loaded, err := home.Load(h.dir); err != nil || loaded.Config.Store.Retain != 77 {
			t.Errorf("%d, %v", loaded.Config.Store.Retain, err)
		}
	}
	if err := retain(homes, 77); err == nil {
		t.Error("a config that says something else is changed")
	}
}
