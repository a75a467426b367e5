package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"abad/client"
)

func agreeCommand() *cli.Command {
	return &cli.Command{
		Name:      "agree",
		Usage:     "propose a value for this node, or show what was agreed",
		UsageText: "abad agree [OPTIONS] NAME VALUE\nabad agree [OPTIONS] NAME",
		Description: "The outcome is the value that most of the first n-f nodes' proposals in the log name; of equals the\n" +
			"first. So a value that all correct nodes propose wins, whatever f others do; where correct nodes\n" +
			"differ, anything that was proposed may win. Each node has one proposal for a NAME, and it is final.\n\n" +
			"Examples:\n   abad agree capital byzantium\n   abad agree --wait --api http://127.0.0.1:7501 capital athens\n   abad agree --json capital",
		Flags:  append([]cli.Flag{apiFlag()}, waitFlags()...),
		Action: propose,
	}
}

func propose(c *cli.Context) error {
	if err := atMost(c, 2); err != nil {
		return err
	}
	if c.NArg() == 0 {
		return hintf(usagef("which agreement"), "abad agree capital byzantium proposes a value")
	}
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
	a, err := proposeAndWait(ctx, node, c)
	if err != nil {
		return apiError(c.String("api"), err)
	}
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(a)
	}
	printAgreement(c.App.Writer, a)
	return nil
}

func proposeAndWait(ctx context.Context, node *client.Client, c *cli.Context) (a client.Agreement, err error) {
	name := c.Args().First()
	switch {
	case c.NArg() == 2:
		a, err = node.Propose(ctx, name, []byte(c.Args().Get(1)))
	case !c.Bool("wait"):
		return node.Agreement(ctx, name)
	}
	if err == nil && c.Bool("wait") {
		return node.WaitAgreement(ctx, name)
	}
	return a, err
}

func printAgreement(out io.Writer, a client.Agreement) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "name\t%s\nstate\t%s\n", plain([]byte(a.Name)), plain([]byte(a.State)))
	if a.State == "agreed" {
		var nodes []string
		for _, id := range a.For {
			nodes = append(nodes, fmt.Sprint(id))
		}
		fmt.Fprintf(w, "value\t%s\nnamed by\t%s, of the first %d\n", plain(a.Value), strings.Join(nodes, ", "), a.Needed)
	} else {
		fmt.Fprintf(w, "proposals\t%d, %d needed\n", len(a.Proposals), a.Needed)
	}
	for _, p := range a.Proposals {
		fmt.Fprintf(w, "node %d\t%s\n", p.Node, plain(p.Value))
	}
	fmt.Fprintf(w, "at\t%s\n", a.At)
}
