package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"abad/api/wire"
	"abad/client"
)

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "show how a node is and what it knows of its peers",
		UsageText: "abad status [OPTIONS]",
		Description: "A node is ready when it is not behind and has links to enough peers to decide.\n\n" +
			"With --cluster all nodes are asked, and their logs compared. In the column sees, + is a link that the\n" +
			"node has, - one that it misses and ? one that it did not tell of. What is wrong is listed, and the exit\n" +
			"code is 1 unless nothing is.\n\n" +
			"Examples:\n   abad status\n   abad status --json --api http://127.0.0.1:7501\n   abad status --wait 30s && abad submit hello\n   abad status --cluster cluster",
		Flags: []cli.Flag{
			apiFlag(), clusterFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object"},
			&cli.DurationFlag{Name: "wait", Usage: "wait so long at most until the node is ready (all nodes, and nothing wrong), and fail otherwise", DefaultText: "do not wait"},
		},
		Action: showStatus,
	}
}

func showStatus(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	if c.IsSet("cluster") {
		return showCluster(c)
	}
	node, err := newClient(c)
	if err != nil {
		return err
	}
	defer node.Close()
	var status wire.Status
	if wait := c.Duration("wait"); wait > 0 {
		status, err = awaitReady(c.Context, node, wait)
	} else {
		status, err = node.Status(c.Context)
	}
	if err != nil {
		return apiError(c.String("api"), err)
	}
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(status)
	}
	return printStatus(c.App.Writer, status)
}

// readyPoll is how often a node that is not ready is asked again.
const readyPoll = 50 * time.Millisecond

// awaitReady asks until the node says that it is ready, also while it does not
// answer yet.
func awaitReady(ctx context.Context, node *client.Client, wait time.Duration) (wire.Status, error) {
	why := fmt.Errorf("no answer within %v", wait)
	waiting, cancel := context.WithTimeoutCause(ctx, wait, why)
	defer cancel()
	last := why // what stood in the way
	for {
		status, err := node.Status(waiting)
		if err == nil && status.Ready {
			return status, nil
		}
		if err == nil {
			err = notReady(status, wait)
		}
		if waiting.Err() == nil {
			last = err
		}
		if pause(waiting, readyPoll) != nil {
			if ctx.Err() != nil {
				last = context.Cause(ctx)
			}
			return status, last
		}
	}
}

// awaitStatus waits until a node's status is as wanted. A node that has no time for
// an answer is asked again.
func awaitStatus(ctx context.Context, node *client.Client, wanted func(wire.Status) bool) error {
	for {
		status, err := node.Status(ctx)
		if err == nil && wanted(status) {
			return nil
		}
		if err != nil && !busy(err) {
			return err
		}
		if err := pause(ctx, readyPoll); err != nil {
			return err
		}
	}
}

// busy reports whether a node answered that it may do better later.
func busy(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Passing()
}

func notReady(s wire.Status, wait time.Duration) error {
	up := 1
	for _, p := range s.Peers {
		if p.Up {
			up++
		}
	}
	return fmt.Errorf("node %d is not ready after %v: %d of %d nodes are up and it needs %d, %d blocks behind",
		s.Node, wait, up, s.Nodes, s.Nodes-s.Faulty, s.Behind)
}

func printStatus(out io.Writer, s wire.Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "node\t%d of %d, which survive %d faulty\n", s.Node, s.Nodes, s.Faulty)
	fmt.Fprintf(w, "ready\t%s\n", yesNo(s.Ready))
	fmt.Fprintf(w, "height\t%d\n", s.Height)
	fmt.Fprintf(w, "hash\t%v\n", s.Hash)
	fmt.Fprintf(w, "certified\t%d\n", s.Certified)
	if s.Behind > 0 {
		fmt.Fprintf(w, "behind\t%d\n", s.Behind)
	}
	if s.Silent > 0 {
		fmt.Fprintf(w, "silent\tup to epoch %d, because its memory was lost\n", s.Silent)
	}
	fmt.Fprintf(w, "epochs\t%s\n", openEpochs(s))
	fmt.Fprintf(w, "waiting\t%d batches, %d bytes of own values\n", s.Waiting, s.Queued)
	if err := w.Flush(); err != nil || len(s.Peers) == 0 {
		return err
	}
	fmt.Fprintln(out)
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "peer\tup\theight\trtt\taddress\tfaults\terror")
	for _, p := range s.Peers {
		rtt, problem := "-", "-"
		if p.Up {
			rtt = milliseconds(p.RTT)
		}
		if p.Error != "" {
			problem = fmt.Sprintf("%q", p.Error) // a peer may have chosen the words
		}
		fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\t%d\t%s\n", p.Node, yesNo(p.Up), p.Height, rtt, p.Addr, p.Faults, problem)
	}
	return w.Flush()
}

func openEpochs(s wire.Status) string {
	if len(s.Open) == 0 {
		return "none open"
	}
	var open []string
	for _, e := range s.Open {
		open = append(open, fmt.Sprintf("%d (%d of %d slots decided)", e.Epoch, e.Decided, s.Nodes))
	}
	return strings.Join(open, ", ")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// milliseconds prints a latency with a tenth of a millisecond.
func milliseconds(ms float64) string { return fmt.Sprintf("%.1fms", ms) }
