package soak

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"abad/api/wire"
	"abad/batch"
	"abad/client"
	"abad/net/nettest"
)

// soakEnv is how long the loops last, like "10m"; CI leaves it out.
const soakEnv = "ABAD_SOAK"

// program is the daemon, built once.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "abad-soak-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "abad")
	if out, err := exec.Command("go", "build", "-o", program, "abad/cmd/abad").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the daemon: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// length is how long a loop lasts.
func length(t *testing.T, short time.Duration) time.Duration {
	text := os.Getenv(soakEnv)
	if text == "" {
		return short
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", soakEnv, err)
	}
	return d
}

// cluster is daemons on this machine.
type cluster struct {
	t     *testing.T
	nodes []*daemon
}

// daemon is a node, running or not.
type daemon struct {
	home   string
	log    string // file
	client *client.Client
	cmd    *exec.Cmd // nil: it does not run
	ended  chan error
}

// newCluster makes homes on free ports; it starts nothing.
func newCluster(t *testing.T, n int) *cluster {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cluster")
	first := nettest.FreePorts(t, n)
	command(t, "init", "--nodes", fmt.Sprint(n), "--dir", dir, "--port", fmt.Sprint(first), "--api-port", fmt.Sprint(first))
	c := &cluster{t: t}
	for i := range n {
		node, err := client.New(client.Config{URL: fmt.Sprint("http://127.0.0.1:", first+i)})
		if err != nil {
			t.Fatal(err)
		}
		home := filepath.Join(dir, fmt.Sprint("node", i))
		c.nodes = append(c.nodes, &daemon{home: home, log: home + ".log", client: node})
	}
	t.Cleanup(func() {
		for i := range c.nodes {
			c.kill(i)
		}
		if t.Failed() {
			c.tellLogs()
		}
	})
	return c
}

// command runs the program to its end and gives its standard output.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("abad %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

func (c *cluster) all() []int {
	var list []int
	for i := range c.nodes {
		list = append(list, i)
	}
	return list
}

func (c *cluster) startAll() {
	c.t.Helper()
	for i := range c.nodes {
		c.start(i)
	}
}

// start runs a node; via may be a command that runs it, such as one that mounts.
func (c *cluster) start(i int, via ...string) {
	c.t.Helper()
	d := c.nodes[i]
	out, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer out.Close() // the child has its own
	args := append(slices.Clone(via), program, "start", "--home", d.home)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	d.cmd, d.ended = cmd, ended
}

// kill is SIGKILL, by the process's own id; it waits until the process is gone.
func (c *cluster) kill(nodes ...int) {
	for _, i := range nodes {
		if d := c.nodes[i]; d.cmd != nil {
			d.cmd.Process.Kill()
		}
	}
	for _, i := range nodes {
		if d := c.nodes[i]; d.cmd != nil {
			<-d.ended
			d.cmd = nil
		}
	}
}

func (c *cluster) signal(i int, s syscall.Signal) {
	c.t.Helper()
	if err := c.nodes[i].cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// pause is SIGSTOP, and waits until the process stands still.
func (c *cluster) pause(nodes ...int) {
	c.t.Helper()
	for _, i := range nodes {
		c.signal(i, syscall.SIGSTOP)
	}
	for _, i := range nodes {
		c.poll("a stopped process", func() error {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.nodes[i].cmd.Process.Pid))
			if err != nil {
				return err
			}
			_, rest, _ := strings.Cut(string(stat), ") ")
			if !strings.HasPrefix(rest, "T") {
				return fmt.Errorf("node %d is in state %.1s", i, rest)
			}
			return nil
		})
	}
}

func (c *cluster) resume(nodes ...int) {
	c.t.Helper()
	for _, i := range nodes {
		c.signal(i, syscall.SIGCONT)
	}
}

// patience is what a cluster may need for anything that it must do.
const patience = 60 * time.Second

// within ends with the test, or when nothing will come any more.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// poll asks until there is no error.
func (c *cluster) poll(what string, ask func() error) {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			c.tellStatus()
			c.t.Fatalf("wait for %s: %v", what, err)
		}
	}
}

// ready waits until nodes can decide.
func (c *cluster) ready(nodes ...int) {
	c.t.Helper()
	for _, i := range nodes {
		c.poll("a ready node", func() error {
			s, err := c.nodes[i].client.Status(within(c.t))
			if err == nil && !s.Ready {
				err = fmt.Errorf("node %d is not ready: %+v", i, s)
			}
			return err
		})
	}
}

// submit puts a value in and fails the test if it is not decided.
func (c *cluster) submit(i int, value string) client.Receipt {
	c.t.Helper()
	r, err := c.nodes[i].client.Submit(within(c.t), []byte(value))
	if err != nil {
		c.t.Fatalf("node %d: %v", i, err)
	}
	return r
}

func (c *cluster) height(i int) uint64 {
	c.t.Helper()
	return c.status(i).Height
}

// status asks until the node has the time to answer.
func (c *cluster) status(i int) (s wire.Status) {
	c.t.Helper()
	c.poll(fmt.Sprintf("status of node %d", i), func() (err error) {
		s, err = c.nodes[i].client.Status(within(c.t))
		return err
	})
	return s
}

// logUpTo reads a node's log up to a height, when it is there.
func (c *cluster) logUpTo(i int, height uint64) (entries []client.Entry) {
	c.t.Helper()
	c.poll(fmt.Sprintf("block %d at node %d", height, i), func() error {
		s, err := c.nodes[i].client.Status(within(c.t))
		if err == nil && s.Height < height {
			err = fmt.Errorf("it is at %d: %+v", s.Height, s)
		}
		return err
	})
	for e, err := range c.nodes[i].client.Log(within(c.t), client.Position{}) {
		if err != nil {
			c.t.Fatalf("node %d: %v", i, err)
		}
		if e.Block > height {
			break
		}
		entries = append(entries, e)
	}
	return entries
}

// oneLog checks that all nodes have one log without a repetition, and gives the
// place of every value.
func (c *cluster) oneLog() map[batch.ValueID]client.Entry {
	c.t.Helper()
	height := uint64(0)
	for i := range c.nodes {
		height = max(height, c.height(i))
	}
	first := c.logUpTo(0, height)
	for i := 1; i < len(c.nodes); i++ {
		other := c.logUpTo(i, height)
		if !slices.EqualFunc(first, other, sameEntry) {
			c.t.Fatalf("up to block %d node %d has another log (%d values) than node 0 (%d values)", height, i, len(other), len(first))
		}
	}
	places := map[batch.ValueID]client.Entry{}
	for _, e := range first {
		if old, twice := places[e.ID]; twice {
			c.t.Errorf("value %s is at %s and at %s", e.ID, old.Position(), e.Position())
		}
		places[e.ID] = e
	}
	return places
}

func sameEntry(a, b client.Entry) bool {
	return a.Block == b.Block && a.Index == b.Index && a.ID == b.ID && bytes.Equal(a.Value, b.Value)
}

// noFaults checks that no node has seen a message of another that no correct node
// sends.
func (c *cluster) noFaults() {
	c.t.Helper()
	for i := range c.nodes {
		for _, p := range c.status(i).Peers {
			if p.Faults > 0 {
				c.t.Errorf("node %d finds %d faults in node %d", i, p.Faults, p.Node)
			}
		}
	}
}

// tellStatus shows how the nodes are.
func (c *cluster) tellStatus() {
	for i, d := range c.nodes {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s, err := d.client.Status(ctx)
		cancel()
		c.t.Logf("node %d: %+v, %v", i, s, err)
	}
}

// tellLogs shows the end of every node's log, and whatever looks like a panic.
func (c *cluster) tellLogs() {
	for i, d := range c.nodes {
		data, err := os.ReadFile(d.log)
		if err != nil {
			continue
		}
		if at := bytes.Index(data, []byte("panic:")); at >= 0 {
			c.t.Logf("node %d panicked:\n%.3000s", i, data[at:])
		}
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		c.t.Logf("node %d:\n%s", i, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
}
