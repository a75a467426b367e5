package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"abad/client"
)

func voteCommand() *cli.Command {
	return &cli.Command{
		Name:      "vote",
		Usage:     "vote yes or no on a decision, for this node",
		UsageText: "abad vote [OPTIONS] NAME yes|no",
		Description: "The cluster decides yes or no once n-f of its n nodes have voted, and what all correct nodes vote\n" +
			"is what it decides. The first vote on a NAME opens it; each node has one, and it is final.\n\n" +
			"Examples:\n   abad vote \"attack at dawn\" yes\n   abad vote --wait --api http://127.0.0.1:7501 \"attack at dawn\" no",
		Flags: append([]cli.Flag{apiFlag()}, waitFlags()...),
		Action: func(c *cli.Context) error {
			if err := atMost(c, 2); err != nil {
				return err
			}
			if c.NArg() < 2 {
				return hintf(usagef("a name and a vote are missing"), "abad vote \"attack at dawn\" yes")
			}
			vote, err := parseVote(c.Args().Get(1))
			if err != nil {
				return err
			}
			return withDecision(c, func(ctx context.Context, node *client.Client, name string) (client.Decision, error) {
				return node.Vote(ctx, name, vote)
			})
		},
	}
}

func parseVote(text string) (bool, error) {
	switch text {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, usagef("%q is neither yes nor no", text)
}

func decisionCommand() *cli.Command {
	return &cli.Command{
		Name:      "decision",
		Usage:     "show how a decision stands",
		UsageText: "abad decision [OPTIONS] NAME",
		Description: "It is waiting for votes, deciding, or decided. Soon after it is decided there is a certificate, one\n" +
			"threshold signature that anyone can check with the cluster's public key; --json has all of it.\n\n" +
			"Examples:\n   abad decision \"attack at dawn\"\n   abad decision --wait --timeout 1h --json \"attack at dawn\"\n   abad decision --prune \"attack at dawn\"",
		Flags: append([]cli.Flag{
			apiFlag(),
			&cli.BoolFlag{Name: "prune", Usage: "make the node forget it, once it is certified; nobody should vote on that name again"},
		}, waitFlags()...),
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			if c.NArg() == 0 {
				return hintf(usagef("which decision"), "abad decisions lists them")
			}
			if c.Bool("prune") {
				return pruneDecision(c)
			}
			return withDecision(c, func(ctx context.Context, node *client.Client, name string) (client.Decision, error) {
				if c.Bool("wait") {
					return client.Decision{}, nil // it may come into being while we wait
				}
				return node.Decision(ctx, name)
			})
		},
	}
}

func decisionsCommand() *cli.Command {
	return &cli.Command{
		Name:      "decisions",
		Usage:     "list the decisions that a node knows of",
		UsageText: "abad decisions [OPTIONS]",
		Description: "Open ones come first. A decision that this node has no vote in is there when others have voted.\n\n" +
			"Examples:\n   abad decisions\n   abad decisions --json | jq -r 'select(.state == \"waiting\").name'",
		Flags: []cli.Flag{
			apiFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object per decision"},
		},
		Action: listDecisions,
	}
}

func waitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "wait", Usage: "wait until it is decided"},
		&cli.DurationFlag{Name: "timeout", Usage: "wait so long at most, and fail then", DefaultText: "until ctrl-C"},
		&cli.BoolFlag{Name: "json", Usage: "print one JSON object"},
	}
}

// withDecision does something about the decision that is the first argument, waits
// for it if it shall, and shows it.
func withDecision(c *cli.Context, do func(context.Context, *client.Client, string) (client.Decision, error)) error {
	node, err := newClient(c)
	if err != nil {
		return err
	}
	defer node.Close()
	ctx, cancel, err := timeout(c)
	if err != nil {
		return err
	}
	defer cancel()
	name := c.Args().First()
	d, err := do(ctx, node, name)
	if err == nil && c.Bool("wait") {
		d, err = node.WaitDecision(ctx, name)
	}
	if err != nil {
		return apiError(c.String("api"), err)
	}
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(d)
	}
	printDecision(c.App.Writer, d)
	return nil
}

// timeout is the command's context with --timeout, which needs --wait.
func timeout(c *cli.Context) (context.Context, context.CancelFunc, error) {
	if !c.IsSet("timeout") {
		return c.Context, func() {}, nil
	}
	d := c.Duration("timeout")
	switch {
	case !c.Bool("wait"):
		return nil, nil, usagef("--timeout is for --wait")
	case d <= 0:
		return nil, nil, usagef("--timeout: %v is not a time to wait", d)
	}
	ctx, cancel := context.WithTimeoutCause(c.Context, d, fmt.Errorf("not decided after %v", d))
	return ctx, cancel, nil
}

func printDecision(out io.Writer, d client.Decision) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "name\t%s\nstate\t%s\n", plain([]byte(d.Name)), plain([]byte(d.State)))
	if d.Value != nil {
		fmt.Fprintf(w, "value\t%s\n", shownBit(d.Value))
	}
	fmt.Fprintf(w, "own vote\t%s\nvotes\t%d heard, %d needed\n", shownBit(d.Vote), d.Votes, d.Needed)
	fmt.Fprintf(w, "rounds\t%d entered, %s\n", d.Rounds, shownCoins(d.Coins))
	if d.Proof != nil {
		fmt.Fprintf(w, "certificate\t%s\n", plain([]byte(d.Proof.Certificate)))
	}
}

func pruneDecision(c *cli.Context) error {
	node, err := newClient(c)
	if err != nil {
		return err
	}
	defer node.Close()
	return apiError(c.String("api"), node.PruneDecision(c.Context, c.Args().First()))
}

func listDecisions(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	node, err := newClient(c)
	if err != nil {
		return err
	}
	defer node.Close()
	w := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	defer w.Flush()
	for from, total := 0, 1; from < total; {
		page, err := node.Decisions(c.Context, from, 0)
		if err != nil {
			return apiError(c.String("api"), err)
		}
		if from == 0 && page.Total > 0 && !c.Bool("json") {
			fmt.Fprintln(w, "state\tvalue\town vote\tvotes\trounds\tcoins\tname")
		}
		for _, d := range page.Decisions {
			if c.Bool("json") {
				if err := json.NewEncoder(c.App.Writer).Encode(d); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d of %d\t%d\t%d\t%s\n", plain([]byte(d.State)), shownBit(d.Value), shownBit(d.Vote),
				d.Votes, d.Needed, d.Rounds, d.Coins, plain([]byte(d.Name)))
		}
		from, total = page.Next, page.Total
	}
	return nil
}

// shownBit is a bit in words, "-" if there is none.
func shownBit(v *bool) string {
	switch {
	case v == nil:
		return "-"
	case *v:
		return "yes"
	}
	return "no"
}

func shownCoins(n int) string {
	switch n {
	case 0:
		return "no coin"
	case 1:
		return "1 coin"
	}
	return fmt.Sprintf("%d coins", n)
}
