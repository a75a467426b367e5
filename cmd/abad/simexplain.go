package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"abad/sim"
)

func simExplainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "tell a trace as a story, and draw it",
		UsageText: "abad sim explain [OPTIONS] FILE",
		Description: "Who said what, by which rule, on what grounds; and a space-time diagram as SVG, for a browser.\n\n" +
			"Examples:\n   abad sim explain 42.trace\n   abad sim explain --epoch 3 --slot 1 --svg 42.svg 42.trace",
		Flags: []cli.Flag{
			&cli.Uint64Flag{Name: "epoch", Usage: "this epoch alone", DefaultText: "all; the last one in a diagram"},
			&cli.IntFlag{Name: "slot", Usage: "this slot alone", Value: -1, DefaultText: "all"},
			&cli.IntFlag{Name: "node", Usage: "this node's words alone", Value: -1, DefaultText: "all"},
			&cli.BoolFlag{Name: "heard", Usage: "also what each node hears, not what it says alone"},
			&cli.StringFlag{Name: "svg", Usage: "draw a space-time diagram to `FILE`"},
		},
		Action:       explain,
		OnUsageError: badFlag,
	}
}

func explain(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	if c.NArg() == 0 {
		return hintf(usagef("which trace"), "abad sim --seed 1 --trace FILE writes one")
	}
	trace, err := readTrace(c.Args().First())
	if err != nil {
		return err
	}
	view := sim.View{Epoch: c.Uint64("epoch"), Slot: c.Int("slot"), Node: c.Int("node"), Deliveries: c.Bool("heard")}
	if err := sim.Explain(c.App.Writer, trace, view); err != nil {
		return err
	}
	if view.Epoch == 0 {
		for _, r := range trace {
			view.Epoch = max(view.Epoch, r.Epoch)
		}
	}
	return toFile(c.String("svg"), func(w io.Writer) error { return sim.Diagram(w, trace, view) })
}

func readTrace(name string) (trace []sim.Record, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if trace, err = sim.ReadTrace(file); err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return trace, nil
}
