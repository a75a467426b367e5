package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"abad/api/wire"
	"abad/batch"
	"abad/client"
)

// story is what the demo does and tells.
type story struct {
	out     io.Writer
	began   time.Time
	shown   uint64 // blocks told of so far
	nodes   []*process
	clients []*client.Client
	sent    []*submission
	early   []*submission // while all nodes lived
	late    []*submission // after one was killed
	alone   *submission   // on the idle cluster
}

// submission is one value, where it went and where in the log it is.
type submission struct {
	node    int
	text    string
	id      batch.ValueID
	receipt wire.Receipt
	err     error
}

var (
	earlyWords = []string{"athens", "byzantium", "corinth", "delphi", "ephesus", "gortyn", "halicarnassus", "ithaca"}
	loneWord   = "knossos"
	lateWords  = []string{"lesbos", "miletus", "naxos", "olympia", "pergamon", "rhodes"}
)

// start adds a node whose process writes to output; should the process end before
// the story does, fail is told why.
func (s *story) start(node int, h homeDir, output io.Writer, fail context.CancelCauseFunc) error {
	api, err := client.New(client.Config{URL: h.api})
	if err != nil {
		return err
	}
	p, err := startProcess(node, h.dir, h.api, output)
	if err != nil {
		return err
	}
	s.nodes, s.clients = append(s.nodes, p), append(s.clients, api)
	go func() {
		<-p.ended
		if !p.meant.Load() {
			fail(fmt.Errorf("node %d has ended: %s", node, p.ending()))
		}
	}()
	return nil
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *story) chapter(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if colourful(s.out) {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	s.say("\n%s", text)
}

func (s *story) table(rows func(w io.Writer)) {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	rows(w)
	w.Flush()
}

// live gives the numbers of the nodes that run.
func (s *story) live() []int {
	var live []int
	for i, p := range s.nodes {
		if p.running() {
			live = append(live, i)
		}
	}
	return live
}

// tell is the demo once the processes are started.
func (s *story) tell(ctx context.Context) error {
	s.table(func(w io.Writer) {
		for _, p := range s.nodes {
			fmt.Fprintf(w, "  node %d\tpid %d\t%s\n", p.node, p.pid(), p.api)
		}
	})
	if err := s.awaitAll(ctx); err != nil {
		return err
	}
	s.say("all connected after %.1f s", time.Since(s.began).Seconds())

	s.chapter("%d values, submitted at all nodes at once", len(earlyWords))
	var err error
	if s.early, err = s.submit(ctx, earlyWords); err != nil {
		return err
	}
	if err := s.showBlocks(ctx); err != nil {
		return err
	}

	if err := s.awaitIdle(ctx); err != nil {
		return err
	}
	s.chapter("one value on the idle cluster")
	alone, err := s.submit(ctx, []string{loneWord})
	if err != nil {
		return err
	}
	s.alone = alone[0]

	victim := s.nodes[len(s.nodes)-1]
	s.chapter("node %d is killed: kill -9 %d", victim.node, victim.pid())
	victim.kill()
	if s.late, err = s.submit(ctx, lateWords); err != nil {
		return err
	}
	if err := s.showBlocks(ctx); err != nil {
		return err
	}
	return s.compare(ctx)
}

// awaitAll waits until every node is connected to every other one.
func (s *story) awaitAll(ctx context.Context) error {
	linked := func(st wire.Status) bool {
		return st.Ready && !slices.ContainsFunc(st.Peers, func(p wire.Peer) bool { return !p.Up })
	}
	for _, api := range s.clients {
		if _, err := awaitReady(ctx, api, demoTime); err != nil {
			return err
		}
		if err := awaitStatus(ctx, api, linked); err != nil {
			return err
		}
	}
	return nil
}

// awaitIdle waits until no node has anything to do.
func (s *story) awaitIdle(ctx context.Context) error {
	idle := func(st wire.Status) bool { return len(st.Open) == 0 && st.Certified == st.Height }
	for _, api := range s.clients {
		if err := awaitStatus(ctx, api, idle); err != nil {
			return err
		}
	}
	return nil
}

// submit sends the words at once, in turn to the live nodes, and shows where each
// of them came out.
func (s *story) submit(ctx context.Context, words []string) ([]*submission, error) {
	live := s.live()
	var sent []*submission
	var all sync.WaitGroup
	for i, word := range words {
		v := &submission{node: live[i%len(live)], text: word, id: client.NewID()}
		sent = append(sent, v)
		all.Go(func() {
			v.receipt, v.err = s.clients[v.node].SubmitID(ctx, v.id, []byte(v.text))
		})
	}
	all.Wait()
	for _, v := range sent {
		if v.err != nil {
			return nil, fmt.Errorf("submit %q at node %d: %w", v.text, v.node, v.err)
		}
	}
	s.sent = append(s.sent, sent...)
	s.table(func(w io.Writer) {
		fmt.Fprintln(w, "  value\tat\tblock\tindex\tlatency")
		for _, v := range sent {
			fmt.Fprintf(w, "  %s\tnode %d\t%d\t%d\t%s\n", v.text, v.node, v.receipt.Block, v.receipt.Index, milliseconds(v.receipt.MS))
		}
	})
	return sent, nil
}

// colourful reports whether out is a terminal whose user has not asked for plain
// text (no-color.org).
func colourful(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
