package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

const (
	demoNodes = 4
	// demoTime bounds the whole demo. It needs a twentieth of it; a machine that
	// needs more has something to tell.
	demoTime = 90 * time.Second
)

func demoCommand() *cli.Command {
	return &cli.Command{
		Name:      "demo",
		Usage:     "watch four processes decide, lose one, and go on",
		UsageText: "abad demo",
		Description: "It starts a cluster of four processes on free ports of this machine, submits values at\n" +
			"different nodes, kills one node, submits more, and compares all logs. Nothing of it stays.\n" +
			"The exit code is 0 only if every live node has the same log with every value exactly once.\n\n" +
			"Example:\n   abad demo",
		Action: func(c *cli.Context) error {
			if err := atMost(c, 0); err != nil {
				return err
			}
			return demo(c.Context, c.App.Writer, c.App.ErrWriter)
		},
	}
}

// demo makes the cluster, tells the story and cleans up, however it ends.
func demo(ctx context.Context, out, errs io.Writer) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, demoTime, fmt.Errorf("not done after %v", demoTime))
	defer cancel()
	dir, err := os.MkdirTemp("", "abad-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	defer func() {
		if err != nil && !errors.Is(err, context.Canceled) {
			tellLogs(errs, dir)
		}
	}()

	s := &story{out: out, began: time.Now()}
	s.say("a cluster of %d nodes, each a process of its own on this machine", demoNodes)
	homes, _, err := createCluster(dir, demoNodes, ports{})
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	defer func() { stopAll(context.Background(), s.nodes) }()
	for i, h := range homes {
		output, err := os.Create(logFile(dir, i))
		if err != nil {
			return err
		}
		defer output.Close()
		if err := s.start(i, h, output, fail); err != nil {
			return err
		}
	}
	if err := s.tell(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return nil
}

func logFile(dir string, node int) string { return filepath.Join(dir, fmt.Sprintf("node%d.log", node)) }

// lastWords is how much of a node's log a failed demo shows.
const lastWords = 20

// tellLogs shows the end of every node's log, because they are about to go.
func tellLogs(out io.Writer, dir string) {
	for i := range demoNodes {
		data, err := os.ReadFile(logFile(dir, i))
		if err != nil || len(data) == 0 {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		for _, line := range lines[max(0, len(lines)-lastWords):] {
			fmt.Fprintf(out, "node%d | %s\n", i, line)
		}
	}
}
