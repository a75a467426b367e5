package top

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/teatest/v2"

	"abad/api/apitest"
	"abad/api/wire"
	"abad/bft"
	"abad/client"
	"abad/survey"
)

// patience ends a test that hangs.
const patience = 60 * time.Second

func targets(t *testing.T, urls ...string) (list []survey.Target) {
	for i, url := range urls {
		api, err := client.New(client.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(api.Close)
		list = append(list, survey.Target{Name: url, Client: api, Node: i})
	}
	return list
}

// A real cluster in a terminal: nodes come up, a value makes a block, q ends it.
func TestWatchACluster(t *testing.T) {
	c := apitest.StartCluster(t, 4, nil)
	nodes := targets(t, c.URLs...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tm := teatest.NewTestModel(t, NewModel(func() Sample { return Take(ctx, nodes) }), teatest.WithInitialTermSize(120, 40))
	show := func(what string) {
		teatest.WaitFor(t, tm.Output(), func(out []byte) bool { return strings.Contains(ansi.Strip(string(out)), what) },
			teatest.WithDuration(patience))
	}
	show("healthy: 1 more node may fail")
	shown := make(chan struct{})
	var values sync.WaitGroup
	values.Go(func() { // more than one: a block that a node was told of, not decided, leaves no picture there
		for {
			if _, err := nodes[2].Client.Submit(ctx, []byte("hello")); err != nil {
				t.Error(err)
			}
			select {
			case <-shown:
				return
			case <-time.After(time.Second):
			}
		}
	})
	show("4 of 4 decided")
	close(shown)
	values.Wait()
	tm.Type("q")
	final := tm.FinalModel(t, teatest.WithFinalTimeout(patience)).(Model)
	if final.sample == nil || len(final.sample.Survey.Answers) != 4 {
		t.Errorf("the last sample is %+v", final.sample)
	}
}

// busy is a cluster with one dead node, in the middle of an epoch.
func busy(n int) Sample {
	s := Sample{Survey: survey.Survey{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	for i := range n {
		st := wire.Status{Node: bft.ID(i), Nodes: n, Faulty: (n - 1) / 3, Height: 12, Certified: 11, Ready: true, Cluster: bft.Hash{1}, Era: 1}
		for j := range n {
			if j != i {
				st.Peers = append(st.Peers, wire.Peer{Node: bft.ID(j), Up: j != n-1, RTT: 1})
			}
		}
		s.Survey.Answers = append(s.Survey.Answers, survey.Answer{Name: "http://n", Node: i, Status: st})
	}
	last := &s.Survey.Answers[n-1]
	last.Err, last.Status = errors.New("no answer"), wire.Status{}
	s.Activity.Time = time.Unix(1000, 0)
	s.Activity.Seconds = []wire.Second{{Second: 998, Blocks: 2, Values: 40, Mean: 20, Most: 30}, {Second: 999, Blocks: 1, Values: 60, Mean: 40, Most: 50}, {Second: 1000, Values: 5}}
	s.Epochs.Thresholds = wire.Thresholds{Echo: 3, Deliver: 3, Wait: 3}
	few, many := []bft.ID{0}, []bft.ID{0, 1, 2}
	s.Epochs.Open = []wire.EpochView{{Epoch: 13, For: 2.5, Slots: []wire.Slot{
		{Val: true}, {Val: true, Echo: many}, {Val: true, Echo: many, Ready: many}, {Ready: few}, {Aux: few, Rounds: 1}, {Decided: true, Rounds: 3}, {Decided: true, Accepted: true}}}}
	return s
}

func TestPrint(t *testing.T) {
	var out bytes.Buffer
	if err := busy(4).Print(&out); err != nil {
		t.Fatal(err)
	}
	want := `abad top  cluster 01000000  era 1  4 nodes, 1 may be faulty  03:04:05
degraded, 1 problem: no further node may fail

node  state      height  certified  open  rtt    faults  sees 0123  api
0     ready      12      11         0     1.0ms  0            .++-  http://n
1     ready      12      11         0     1.0ms  0            +.+-  http://n
2     ready      12      11         0     1.0ms  0            ++.-  http://n
3     no answer  -       -          -     -      -            ???.  http://n
problem: node 3 does not answer: no answer, and no node has a link to it

node 0, last 10 seconds: 10.0 values/s, block latency 30.0ms mean, 50.0ms most
epoch 13  VER·A01  2 of 7 decided, 1 in, up to 3 rounds, 2.5ms
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// The picture never leaves the terminal, and the dead node is never cut off.
func TestFits(t *testing.T) {
	sample := busy(40)
	for _, size := range []tea.WindowSizeMsg{{Width: 200, Height: 80}, {Width: 80, Height: 24}, {Width: 40, Height: 15}, {Width: 1, Height: 1}, {Width: 0, Height: 0}} {
		m, _ := NewModel(nil).Update(size)
		m, _ = m.Update(sampled(sample))
		lines := strings.Split(ansi.Strip(m.(Model).View().Content), "\n")
		if len(lines) > max(size.Height, 1) {
			t.Errorf("%d lines on %d", len(lines), size.Height)
		}
		for _, l := range lines {
			if ansi.StringWidth(l) > size.Width {
				t.Errorf("%q is wider than %d", l, size.Width)
			}
		}
		if text := strings.Join(lines, "\n"); size.Height >= 15 && !strings.Contains(text, "no answer") {
			t.Errorf("the dead node is not in\n%s", text)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, key := range []tea.KeyPressMsg{{Code: 'q', Text: "q"}, {Code: tea.KeyEscape}, {Code: 'c', Mod: tea.ModCtrl}} {
		if _, cmd := NewModel(nil).Update(key); cmd == nil || cmd() != tea.Quit() {
			t.Errorf("%v does not quit", key)
		}
	}
	if _, cmd := NewModel(nil).Update(tea.KeyPressMsg{Code: 'x', Text: "x"}); cmd != nil {
		t.Error("x does something")
	}
}

// One question at a time: the next one comes after the answer.
func TestOneQuestionAtATime(t *testing.T) {
	var asked atomic.Int32
	m := NewModel(func() Sample { asked.Add(1); return busy(4) })
	answer := m.Init()()
	if asked.Load() != 1 {
		t.Fatalf("asked %d times", asked.Load())
	}
	next, cmd := m.Update(answer)
	if asked.Load() != 1 || cmd == nil {
		t.Fatalf("asked %d times before the pause was over", asked.Load())
	}
	_, cmd = next.Update(due{})
	cmd()
	if asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// Without a terminal it is one picture.
func TestRunWithoutATerminal(t *testing.T) {
	c := apitest.StartCluster(t, 1, nil)
	var out bytes.Buffer
	if err := Run(context.Background(), targets(t, c.URLs...), strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "1 nodes, 0 may be faulty") || strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Run(ctx, targets(t, c.URLs...), strings.NewReader(""), io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}
