package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"abad/batch"
	"abad/client"
	"abad/net/freeport"
	"abad/net/nettest"
)

// daemons are real processes: the test binary under the name abad is the program.
type daemons struct {
	t     *testing.T
	dir   string
	ports ports
	procs []*exec.Cmd
	nodes []*client.Client
}

// reserve finds ports for n nodes that are the test's until its end.
func reserve(t *testing.T, n int) ports {
	t.Helper()
	first := nettest.FreePorts(t, 2*n)
	return ports{peer: first, api: first + n}
}

func startDaemons(t *testing.T, n int) *daemons {
	t.Helper()
	p := reserve(t, n)
	d := &daemons{t: t, dir: t.TempDir(), ports: p, procs: make([]*exec.Cmd, n)}
	if code := run([]string{"abad", "init", "--nodes", strconv.Itoa(n), "--dir", d.dir,
		"--port", strconv.Itoa(p.peer), "--api-port", strconv.Itoa(p.api)}); code != 0 {
		t.Fatalf("abad init: exit code %d", code)
	}
	for i := range n {
		api, err := client.New(client.Config{URL: "http://" + freeport.Addr(p.api+i)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(api.Close)
		d.nodes = append(d.nodes, api)
		d.start(i)
	}
	return d
}

func (d *daemons) start(i int) {
	d.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = []string{"abad", "start", "--home", filepath.Join(d.dir, fmt.Sprint("node", i))}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.procs[i] = cmd
	d.t.Cleanup(func() { d.kill(i) })
}

// kill ends a daemon as a power failure would.
func (d *daemons) kill(i int) {
	if cmd := d.procs[i]; cmd != nil {
		_ = cmd.Process.Kill() // unless it has ended already
		_ = cmd.Wait()
		d.procs[i] = nil
	}
}

func numbered(i int) (batch.ValueID, []byte) {
	id := batch.ValueID{0xab, byte(i >> 16), byte(i >> 8), byte(i)}
	return id, fmt.Append(nil, "value number ", i)
}

// submit gives the values from..to-1 to the nodes at once, by turns. A value that a
// node which is then killed has not answered for goes to the next one, under its id.
func (d *daemons) submit(ctx context.Context, from, to int, nodes ...int) {
	d.t.Helper()
	var wg sync.WaitGroup
	for w := range 256 {
		wg.Go(func() {
			for i := from + w; i < to; i += 256 {
				id, payload := numbered(i)
				for try := 0; ; try++ {
					node := nodes[(i+try)%len(nodes)]
					attempt, cancel := context.WithTimeout(ctx, 20*time.Second)
					_, err := d.nodes[node].SubmitID(attempt, id, payload)
					cancel()
					if err == nil {
						break
					}
					if ctx.Err() != nil || d.procs[node] != nil && try > 10 {
						d.t.Errorf("value %d at node %d: %v", i, node, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// compare reads the logs of these nodes whole: want values, each once, all alike.
func (d *daemons) compare(ctx context.Context, want int, nodes ...int) {
	d.t.Helper()
	var first []client.Entry
	for _, node := range nodes {
		var entries []client.Entry
		seen := map[batch.ValueID]bool{}
		for e, err := range d.nodes[node].Stream(ctx, client.Position{}) {
			if err != nil {
				d.t.Fatalf("node %d after %d values: %v", node, len(entries), err)
			}
			if seen[e.ID] {
				d.t.Fatalf("node %d has value %s twice", node, e.ID)
			}
			seen[e.ID] = true
			if entries = append(entries, e); len(entries) == want {
				break
			}
		}
		if first == nil {
			first = entries
		}
		for i, e := range entries {
			if f := first[i]; e.Block != f.Block || e.Index != f.Index || e.ID != f.ID || string(e.Value) != string(f.Value) {
				d.t.Fatalf("entry %d: node %d has %+v, node %d has %+v", i, node, e, nodes[0], f)
			}
		}
	}
	byID := map[batch.ValueID]string{}
	for _, e := range first {
		byID[e.ID] = string(e.Value)
	}
	for i := range want {
		if id, payload := numbered(i); byID[id] != string(payload) {
			d.t.Fatalf("value %d is not in the log", i)
		}
	}
}

// Ten thousand values through four APIs at once, from one process: four logs alike,
// each value once.
func TestTenThousandValues(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	d := startDaemons(t, 4)
	d.submit(ctx, 0, 10_000, 0, 1, 2, 3)
	d.compare(ctx, 10_000, 0, 1, 2, 3)
}

// The same with one node killed half-way; then it comes back and has the same log.
func TestTenThousandValuesAndAKill(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	d := startDaemons(t, 4)
	d.submit(ctx, 0, 5_000, 0, 1, 2, 3)
	d.kill(2)
	d.submit(ctx, 5_000, 10_000, 0, 1, 3)
	d.compare(ctx, 10_000, 0, 1, 3)
	d.start(2)
	d.compare(ctx, 10_000, 0, 1, 2, 3)
}
