package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"abad/sim/flp"
)

func flpCommand() *cli.Command {
	return &cli.Command{
		Name:      "flp",
		Usage:     "show what a worst-case scheduler does without a coin, with local coins and with the common coin",
		UsageText: "abad sim flp [OPTIONS]",
		Description: "The theorem of Fischer, Lynch and Paterson, made visible: one scheduler, which owns the order of all\n" +
			"messages and up to f faulty nodes, keeps the correct ones undecided for as long as it can.\n" +
			"A run with no coin is cut off in the end; with local coins the runs grow exponentially with n.\n\n" +
			"Examples:\n   abad sim flp\n   abad sim flp --nodes 4,7 --seeds 50\n   abad sim flp --coin none --liars 0\n   abad sim flp --json flp.json --png flp.png",
		Flags: []cli.Flag{
			&cli.IntSliceFlag{Name: "nodes", Usage: "numbers of nodes, each 3f+1", Value: cli.NewIntSlice(4, 7, 10, 13)},
			&cli.StringSliceFlag{Name: "coin", Usage: "coins: none, local, common", Value: cli.NewStringSlice("none", "local", "common")},
			&cli.IntFlag{Name: "liars", Usage: "faulty nodes that the scheduler speaks for, 0 to f", Value: flp.AllFaulty, DefaultText: "f"},
			&cli.Uint64Flag{Name: "seed", Usage: "the first seed"},
			&cli.IntFlag{Name: "seeds", Usage: "runs with local coins per number of nodes; ten times as many with the common coin, at most 5 with none", Value: 200},
			&cli.IntFlag{Name: "rounds", Usage: "cut a run off after so many rounds", Value: 10000},
			&cli.StringFlag{Name: "json", Usage: "write all numbers to `FILE`"},
			&cli.StringFlag{Name: "png", Usage: "draw them to `FILE`"},
		},
		Action: showFLP,
	}
}

func showFLP(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	plan := flp.Plan{
		Nodes: c.IntSlice("nodes"), Liars: c.Int("liars"),
		First: c.Uint64("seed"), Seeds: c.Int("seeds"), MaxRounds: c.Int("rounds"),
	}
	for _, name := range c.StringSlice("coin") {
		coin, err := flp.ParseCoin(name)
		if err != nil {
			return usagef("--coin: %w", err)
		}
		plan.Coins = append(plan.Coins, coin)
	}
	if err := plan.Check(); err != nil {
		return usageError{err}
	}
	report, err := plan.Run(c.Context, func(cell flp.Cell) {
		fmt.Fprintf(c.App.ErrWriter, "abad: %v coin, n = %d: %d runs, %d cut off\n", cell.Coin, cell.Nodes, cell.Runs, cell.CutOff)
	})
	if err != nil {
		return flpOutcome(err)
	}
	if err := report.Print(c.App.Writer); err != nil {
		return err
	}
	if err := toFile(c.String("json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(report) }); err != nil {
		return err
	}
	return toFile(c.String("png"), report.PNG)
}

// flpOutcome gives a failed run the exit code of what is violated, and the command
// that shows it again.
func flpOutcome(err error) error {
	var failed *flp.Failure
	if !errors.As(err, &failed) {
		return err
	}
	code := exitLiveness
	if errors.Is(err, flp.ErrDisagree) {
		code = exitSafety
	}
	cfg := failed.Config
	return hintf(simFailure{err, code}, "abad sim flp --coin %v --nodes %d --liars %d --seed %d --seeds 1 --rounds %d",
		cfg.Coin, cfg.Nodes, cfg.Liars, cfg.Seed, cfg.MaxRounds)
}

// toFile writes a file, if one is named.
func toFile(name string, write func(io.Writer) error) (err error) {
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	return write(file)
}
