package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/urfave/cli/v2"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"abad/sim"
)

// Exit codes of abad sim beside the common ones.
const (
	exitSafety   = 3
	exitLiveness = 4
)

// manySeeds is from how many seeds on a terminal gets a progress bar.
const manySeeds = 500

func simCommand() *cli.Command {
	return &cli.Command{
		Name:      "sim",
		Usage:     "run the protocol against an adversary that owns the schedule and the faulty nodes",
		UsageText: "abad sim [OPTIONS]\nabad sim explain [OPTIONS] FILE\nabad sim flp [OPTIONS]",
		Description: "Each seed is a cluster, a schedule, faulty nodes and crashes, the same at every run. A seed is clean if\n" +
			"no property of safety was violated at any step, and the cluster came to rest with one log once the\n" +
			"adversary had relented. What is not given is drawn from the seed.\n\n" +
			"Exit codes: 0 all seeds are clean, 1 internal error, 2 wrong command line, 3 a safety property was\n" +
			"violated, 4 a liveness property. The last line of a failure is the command that shows it again.\n\n" +
			simNames() +
			"\nExamples:\n   abad sim --seeds 1000\n   abad sim --nodes 7 --faulty 2 --adversary split --byzantine two-faced --seeds 500\n" +
			"   abad sim --seed 42 --trace 42.trace && abad sim explain 42.trace",
		Flags: []cli.Flag{
			&cli.Uint64Flag{Name: "seed", Usage: "the first seed"},
			&cli.Uint64Flag{Name: "seeds", Usage: "how many seeds to run", Value: 1},
			&cli.DurationFlag{Name: "for", Usage: "run seeds for so long, however many", DefaultText: "as many as --seeds says"},
			&cli.IntFlag{Name: "nodes", Usage: "size of the cluster", Value: sim.Drawn, DefaultText: "drawn"},
			&cli.IntFlag{Name: "faulty", Usage: "faulty nodes, less than a third", Value: sim.Drawn, DefaultText: "drawn"},
			&cli.IntFlag{Name: "epochs", Usage: "blocks before the clients stop", Value: sim.Drawn, DefaultText: "by the size"},
			&cli.StringFlag{Name: "adversary", Usage: "the scheduler `NAME`", Value: sim.Mixed},
			&cli.StringSliceFlag{Name: "byzantine", Usage: "what every faulty node does, `NAME,...`", DefaultText: "drawn for each"},
			&cli.StringFlag{Name: "coin", Usage: "common, local or none; the protocol is right with the common one", Value: sim.CommonCoin},
			&cli.IntFlag{Name: "steps", Usage: "most events before the adversary relents", DefaultText: "by the size"},
			&cli.IntFlag{Name: "jobs", Usage: "seeds at a time", Value: runtime.NumCPU(), DefaultText: "one per processor"},
			&cli.StringFlag{Name: "trace", TakesFile: true, Usage: "write what happens to `FILE`, for abad sim explain"},
		},
		Subcommands:  []*cli.Command{simExplainCommand(), flpCommand()},
		Action:       simulate,
		OnUsageError: badFlag,
	}
}

// simNames lists the adversaries and behaviours.
func simNames() string {
	text := "Adversaries:\n"
	for _, a := range sim.DescribeAdversaries() {
		text += fmt.Sprintf("   %-14s %s\n", a.Name, a.Says)
	}
	text += "\nByzantine behaviours:\n"
	for _, b := range sim.DescribeBehaviours() {
		text += fmt.Sprintf("   %-14s %s\n", b.Name, b.Says)
	}
	return text
}

func simulate(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	o := sim.Options{
		Seed: c.Uint64("seed"), Nodes: c.Int("nodes"), Faulty: c.Int("faulty"), Epochs: c.Int("epochs"),
		Adversary: c.String("adversary"), Byzantine: c.StringSlice("byzantine"), Coin: c.String("coin"), Steps: c.Int("steps"),
	}
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	count, ctx := c.Uint64("seeds"), c.Context
	if d := c.Duration("for"); d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
		count = math.MaxUint64
	}
	if c.Int("jobs") < 1 {
		return usagef("--jobs: %d seeds at a time", c.Int("jobs"))
	}
	if c.IsSet("trace") {
		if count != 1 {
			return usagef("--trace shows one seed, not %d", count)
		}
		return traceSeed(c, o)
	}
	debug.SetGCPercent(400) // seeds are short and their memory is garbage
	began := time.Now()
	bar := newSimBar(c.App.ErrWriter, count, c.Duration("for"))
	total, err := sim.Many(ctx, o, count, c.Int("jobs"), bar.done)
	bar.end()
	if err != nil {
		return err
	}
	tellTotal(c.App.Writer, total, time.Since(began))
	return simOutcome(total.Failed)
}

func traceSeed(c *cli.Context, o sim.Options) (err error) {
	file, err := os.Create(c.String("trace"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	o.Trace = file
	r, err := sim.Run(o)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "%s\n%d events, %d blocks, %d values, digest %016x\n", r.Plan, r.Steps, r.Blocks, r.Values, r.Digest)
	if r.Failure == nil {
		return nil
	}
	return simOutcome(&r)
}

func tellTotal(out io.Writer, t sim.Total, took time.Duration) {
	clean := t.Seeds
	if t.Failed != nil {
		clean--
	}
	fmt.Fprintf(out, "%d seeds clean, %.0f per second\n", clean, float64(t.Seeds)/took.Seconds())
	fmt.Fprintf(out, "%d blocks, %d values, %d events, %d messages, %d crashes, %d blocks adopted, %d common coins, %d faults found, round %d at most\n",
		t.Blocks, t.Values, t.Steps, t.Messages, t.Crashes, t.Adopted, t.Coins, t.Blames, t.Rounds)
}

// simFailure is a property that a seed has violated.
type simFailure struct {
	error
	code int
}

func (e simFailure) Unwrap() error { return e.error }

// ExitCode is the process's, other than 1.
func (e simFailure) ExitCode() int { return e.code }

// simOutcome makes a failed seed an error; its last line, the hint, is the command
// that shows it again.
func simOutcome(failed *sim.Result) error {
	if failed == nil {
		return nil
	}
	code := exitLiveness
	if failed.Failure.Class == sim.Safety {
		code = exitSafety
	}
	return hintf(simFailure{fmt.Errorf("seed %d, %s: %w", failed.Options.Seed, failed.Plan, failed.Failure), code}, "%s", failed.Options.Command())
}

// simBar shows the progress of a long run on a terminal.
type simBar struct {
	progress *mpb.Progress
	bar      *mpb.Bar
}

func newSimBar(out io.Writer, count uint64, limit time.Duration) *simBar {
	file, ok := out.(*os.File)
	if !ok || count < manySeeds {
		return &simBar{}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &simBar{}
	}
	total := int64(0)
	if limit == 0 {
		total = int64(min(count, math.MaxInt64))
	}
	p := mpb.New(mpb.WithOutput(file))
	return &simBar{p, p.AddBar(total,
		mpb.PrependDecorators(decor.CurrentNoUnit("%d seeds")),
		mpb.AppendDecorators(decor.AverageSpeed(0, "%.0f/s "), decor.Elapsed(decor.ET_STYLE_GO)))}
}

func (b *simBar) done() {
	if b.bar != nil {
		b.bar.Increment()
	}
}

func (b *simBar) end() {
	if b.bar != nil {
		b.bar.Abort(false)
		b.progress.Wait()
	}
}
