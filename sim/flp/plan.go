package flp

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// AllFaulty as a number of liars means f of them.
const AllFaulty = -1

// Limits of a plan. A node keeps some 2 KB per round at n = 64, all of them until
// it halts, so a run at both limits takes a few gigabytes.
const (
	MaxNodes  = 64
	MaxRounds = 1 << 15
	MaxSeeds  = 1 << 20
)

// noneRuns is how many runs there are without a coin: each of them is as long as
// it may be, and like every other one.
const noneRuns = 5

// commonRuns is how many runs with a common coin there are per seed asked for:
// they are short, and many of them show the tail.
const commonRuns = 10

// Plan is a set of runs.
type Plan struct {
	Nodes     []int  `json:"nodes"`
	Coins     []Coin `json:"coins"`
	Liars     int    `json:"liars"` // AllFaulty or a number
	First     uint64 `json:"first"` // seed
	Seeds     int    `json:"seeds"` // with a local coin; 10 times as many with a common one, at most 5 with none
	MaxRounds int    `json:"max_rounds"`
}

// Report is what came of a plan.
type Report struct {
	Plan  Plan   `json:"plan"`
	Cells []Cell `json:"cells"`
}

// Check refuses what cannot be run.
func (p Plan) Check() error {
	switch {
	case len(p.Nodes) == 0:
		return errors.New("no number of nodes is given")
	case len(p.Coins) == 0:
		return errors.New("no coin is given")
	case p.Seeds < 1 || p.Seeds > MaxSeeds:
		return fmt.Errorf("1 to %d seeds can be run, not %d", MaxSeeds, p.Seeds)
	case p.MaxRounds < 4 || p.MaxRounds > MaxRounds:
		return fmt.Errorf("a run has 4 to %d rounds, not %d: every fourth one takes a coin, and a node remembers them all", MaxRounds, p.MaxRounds)
	}
	for _, n := range p.Nodes {
		if n > MaxNodes {
			return fmt.Errorf("at most %d nodes can be run, not %d", MaxNodes, n)
		}
		if _, err := newWorld(p.config(n, Common, 0), true); err != nil {
			return err
		}
	}
	return nil
}

func (p Plan) config(n int, c Coin, seed uint64) Config {
	liars := p.Liars
	if liars == AllFaulty {
		liars = (n - 1) / 3
	}
	return Config{Nodes: n, Liars: liars, Coin: c, Seed: seed, MaxRounds: p.MaxRounds}
}

func (p Plan) runs(c Coin) int {
	switch c {
	case None:
		return min(p.Seeds, noneRuns)
	case Common:
		return p.Seeds * commonRuns
	}
	return p.Seeds
}

// Run makes all runs, one per core at a time, and hands over each cell when it is
// done. A [Failure] means that the protocol is wrong.
func (p Plan) Run(ctx context.Context, done func(Cell)) (Report, error) {
	if err := p.Check(); err != nil {
		return Report{}, err
	}
	report := Report{Plan: p}
	for _, c := range p.Coins {
		for _, n := range p.Nodes {
			results, err := p.cell(ctx, n, c)
			if err != nil {
				return report, err
			}
			cell := newCell(p.config(n, c, 0), results)
			report.Cells = append(report.Cells, cell)
			done(cell)
		}
	}
	return report, nil
}

func (p Plan) cell(ctx context.Context, n int, c Coin) ([]Result, error) {
	results := make([]Result, p.runs(c))
	group, failed := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range results {
		if failed.Err() != nil {
			break
		}
		group.Go(func() (err error) {
			cfg := p.config(n, c, p.First+uint64(i))
			if results[i], err = Run(cfg); err != nil {
				return &Failure{Config: cfg, Err: err}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return results, context.Cause(ctx)
}
