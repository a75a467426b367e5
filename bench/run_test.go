package bench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"abad/access"
	"abad/api"
	"abad/api/apitest"
	"abad/net/nettest"
)

// Every member that others read is in the JSON, and several runs show the last one
// on the outside.
func TestJSON(t *testing.T) {
	r := Result{Values: 5, P50: 1.5, Faults: []Fault{{"kill", 3, 4}}, Timeline: []Moment{{Second: 1}}}
	r.Against(10, 0)
	for _, results := range [][]Result{{r}, {{}, r}} {
		var buf bytes.Buffer
		if err := WriteJSON(&buf, results...); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(buf.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{
			"values_per_s", "payload_mb_per_s", "ceiling_mb_per_s", "ratio", "p50_ms", "p90_ms", "p99_ms", "max_ms",
			"sent_per_payload_byte", "coins", "rss_mb", "cpu_ns_per_payload_byte", "cpu_ns_per_value", "messages_per_block",
			"frames_per_block", "aba_rounds_per_slot", "fsyncs_per_s", "faults", "unanswered",
		} {
			if _, ok := got[name]; !ok {
				t.Errorf("no member %q", name)
			}
		}
		if got["values_per_s"] != 5.0 || got["ceiling_mb_per_s"] != 10.0 {
			t.Errorf("%v", got)
		}
		if runs, _ := got["runs"].([]any); len(results) > 1 && len(runs) != 2 {
			t.Errorf("%d runs", len(runs))
		}
	}
}

// The workers against one log in memory: all values come out once, at the rate, and
// a node that goes away loses none.
func TestRun(t *testing.T) {
	log := apitest.New()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	var told sync.Map
	r, err := Run(t.Context(), Config{
		Nodes: []Node{{URL: url}, {URL: url}}, Size: 100, Rate: 500, Seconds: 3, Warmup: 100 * time.Millisecond, Clients: 3,
		Tell: func(done, rate float64) { told.Store(done <= 1 && rate >= 0, true) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Values == 0 || r.Values > 1600 || r.Missing != 0 || r.Refused != 0 || r.Moves != 0 || r.P50 <= 0 || r.Max < r.P99 {
		t.Fatalf("%+v", r)
	}
	if len(r.Timeline) != 30 {
		t.Fatalf("%d parts", len(r.Timeline))
	}
	if _, wrong := told.Load(false); wrong {
		t.Fatal("Tell got nonsense")
	}
	var out strings.Builder
	r.Against(2, 0)
	if err := r.Print(&out); err != nil || !strings.Contains(out.String(), "of the ceiling (2.0 MB/s)") {
		t.Fatalf("%v %s", err, out.String())
	}
	dir := t.TempDir()
	r.Faults = []Fault{{"kill", 1, 0.5}}
	if err := errors.Join(PlotTimeline(filepath.Join(dir, "a.png"), r), PlotRates(filepath.Join(dir, "b.png"), []Result{r, {}})); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.png", "b.png"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.Close()
	}
	if PlotRates(filepath.Join(dir, "c.png"), nil) == nil || PlotTimeline(filepath.Join(dir, "c.png"), Result{}) == nil {
		t.Error("a plot of nothing")
	}
}

// Who loses a node goes on to all others, and not everybody to the same one.
func TestItinerary(t *testing.T) {
	nodes := []int{0, 1, 2, 3}
	seconds := map[int]int{}
	for index := range 12 {
		order := itinerary(nodes, index)
		if order[0] != index%4 {
			t.Errorf("worker %d begins at node %d", index, order[0])
		}
		if order[0] == 3 {
			seconds[order[1]]++
		}
		sorted := slices.Sorted(slices.Values(order))
		if !slices.Equal(sorted, nodes) {
			t.Errorf("worker %d tries %v", index, order)
		}
	}
	if len(seconds) != 3 {
		t.Errorf("the workers of node 3 go on to %v", seconds)
	}
	if one := itinerary(nodes[:1], 5); !slices.Equal(one, nodes[:1]) {
		t.Errorf("of one node %v", one)
	}
}

// A node that dies in the middle: its values move over to the other, under their
// names, and none is missing.
func TestRunMovesOver(t *testing.T) {
	log := apitest.New()
	stays, _ := apitest.Serve(t, api.Config{Node: log})
	goes, stop := apitest.Serve(t, api.Config{Node: log})
	r, err := Run(t.Context(), Config{
		Nodes: []Node{{URL: stays}, {URL: goes, Process: killer(stop)}}, Size: 50, Rate: 400, Seconds: 3, Clients: 4,
		Faults: []Fault{{"kill", 1, 0.4}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Moves < 2 || r.Missing != 0 || r.Refused != 0 || r.Values == 0 {
		t.Fatalf("%+v", r)
	}
}

// Figures of nobody are no result: a run that no node has let in says why.
func TestRunThatNobodyLetsIn(t *testing.T) {
	guarded, _ := apitest.Serve(t, api.Config{Node: apitest.New(), Policy: func() access.Policy {
		return access.Policy{Enforced: true, Grants: access.Grants{{Name: "somebody else", Hash: access.NewToken().Hash(), Role: access.Operate}}}
	}})
	for url, want := range map[string]string{guarded: "a token is needed", "http://127.0.0.1:1": "no value got in"} {
		began := time.Now()
		_, err := Run(t.Context(), Config{Nodes: []Node{{URL: url}}, Size: 50, Seconds: 0.2, Clients: 2})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
		if time.Since(began) > drainTime {
			t.Errorf("%s: %v for values that were never sent", url, time.Since(began))
		}
		if _, err := Idle(t.Context(), Config{Nodes: []Node{{URL: url}}, Size: 50, Seconds: 0.1}); err == nil {
			t.Errorf("%s: idle", url)
		}
	}
}

// A cluster that stands still does not hold up who wants to end the run.
func TestRunOfAStuckCluster(t *testing.T) {
	log := apitest.New()
	log.Hold()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	cause := make(chan error, 1)
	go func() {
		_, err := Run(ctx, Config{Nodes: []Node{{URL: url}}, Size: 50, Rate: 100, Seconds: 60, Clients: 2})
		cause <- err
	}()
	log.AwaitQueued()
	cancel()
	if err := <-cause; !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
}

type killer func()

func (k killer) Kill() error   { k(); return nil }
func (killer) Stop() error     { return nil }
func (killer) Continue() error { return nil }

// Three bare processes in one: what they count is what they can only have got from
// each other.
func TestWire(t *testing.T) {
	const n = 3
	w := Wire{Addrs: nettest.FreeAddrs(t, n), Warmup: 100 * time.Millisecond, Seconds: 3}
	var keys []ed25519.PrivateKey
	for range n {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Keys, keys = append(w.Keys, public), append(keys, private)
	}
	var all sync.WaitGroup
	var out [n]bytes.Buffer
	var errs [n]error
	for i := range n {
		all.Go(func() {
			own := w
			own.Self, own.Key = i, keys[i]
			errs[i] = own.Run(t.Context(), strings.NewReader("go\n"), &out[i])
		})
	}
	all.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		line, _ := out[i].ReadString('\n')
		var r WireResult
		if err := json.NewDecoder(&out[i]).Decode(&r); err != nil || line != "ready\n" {
			t.Fatalf("%q %v", line, err)
		}
		if r.Bytes == 0 || r.Seconds < 3 {
			t.Errorf("process %d: %+v", i, r)
		}
	}
	stranger := w
	_, stranger.Key, _ = ed25519.GenerateKey(nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := stranger.Run(ctx, strings.NewReader(""), io.Discard); err == nil {
		t.Error("a stranger is ready")
	}
}

func TestRewrite(t *testing.T) {
	page := []byte("# Speed\n\n" + tableBegin + "old\n" + tableEnd + "\nmore\n")
	rows := []Row{{Scenario: Suite(false)[0], Result: Result{Ratio: 0.5, Coins: 0}}}
	table := Table(rows, "here")
	out, err := Rewrite(page, table)
	if err != nil || !strings.HasPrefix(string(out), "# Speed\n\n"+tableBegin+"Measured here") || !strings.HasSuffix(string(out), tableEnd+"\nmore\n") || strings.Contains(string(out), "old") {
		t.Fatalf("%v %s", err, out)
	}
	again, err := Rewrite(out, table)
	if err != nil || !bytes.Equal(again, out) {
		t.Fatal("the second time differs")
	}
	for _, bad := range []string{"", tableBegin, tableEnd + tableBegin} {
		if _, err := Rewrite([]byte(bad), table); err == nil {
			t.Errorf("%q was rewritten", bad)
		}
	}
}

// Every scenario of the suites is one that can run, and the short ones are few seconds.
func TestSuites(t *testing.T) {
	for _, full := range []bool{false, true} {
		names, total := map[string]bool{}, 0.0
		for _, s := range Suite(full) {
			if names[s.Name] || s.Figure == nil || s.Figure(Result{}) == "" || s.Network.Validate(s.Nodes) != nil {
				t.Errorf("%s: wrong, or twice", s.Name)
			}
			names[s.Name] = true
			c := Config{Size: s.Size, Rate: s.Rate, Seconds: s.Seconds, Warmup: s.Warmup, Clients: s.Clients, Alone: s.Alone, Faults: s.Faults}
			for range s.Nodes {
				c.Nodes = append(c.Nodes, Node{Process: dummy{}})
			}
			if _, err := c.Validate(); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
			runs := 1.0
			if s.LogCost {
				runs = 2
			}
			total += runs * (s.Seconds + s.Warmup.Seconds())
		}
		if !full && total > 75 {
			t.Errorf("the short suite measures for %v s", total)
		}
	}
}

// Connections that are given up while their sender waits for room end, all of them.
func TestRunWithoutPatience(t *testing.T) {
	log := apitest.New()
	log.Hold()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := Run(ctx, Config{
		Nodes: []Node{{URL: url}, {URL: url}}, Size: 50, Seconds: 60, Clients: 64, Depth: 1, Patience: time.Millisecond,
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
