package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"abad/generals"
)

func generalsCommand() *cli.Command {
	return &cli.Command{
		Name:      "generals",
		Usage:     "play the Byzantine generals on the real protocol",
		UsageText: "abad generals [OPTIONS]",
		Description: "Every loyal general runs the agreement of this program; traitors say what they like, and the enemy\n" +
			"captures messengers, who are then sent again. It tells who wrote what to whom, what each loyal\n" +
			"general does, and by which rule. A run repeats with its --seed. With --real each general is a\n" +
			"process of its own, and traitors are daemons that are built for it, which takes the source and Go.\n\n" +
			"Lies:\n" +
			"   split      attack to one half, retreat to the other, in everything\n" +
			"   silent     nothing\n" +
			"   random     anything to anybody\n" +
			"   commander  a traitor gives the loyal ones their orders, different ones, and goes on as with split\n\n" +
			"Examples:\n   abad generals\n   abad generals --generals 3\n   abad generals --generals 7 --traitors 2 --messengers-lost 30% --slow\n" +
			"   abad generals --generals 5 --lie silent --threshold 3/4 --orders attack,attack,retreat,attack\n   abad generals --real",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "generals", Value: 4, Usage: "number of generals"},
			&cli.IntFlag{Name: "traitors", Value: 1, Usage: "how many of them, the last ones, are traitors"},
			&cli.StringFlag{Name: "lie", Value: string(generals.Split), Usage: "what traitors do: split, silent, random or commander"},
			&cli.StringFlag{Name: "messengers-lost", Value: "0%", Usage: "`SHARE` of the messengers that are captured"},
			&cli.StringFlag{Name: "orders", Usage: "`ORDERS` of the loyal generals, like attack,retreat", DefaultText: "drawn"},
			&cli.StringFlag{Name: "threshold", Usage: "attack only if this `FRACTION` of all generals will, like 3/4", DefaultText: "one decision for all"},
			&cli.Uint64Flag{Name: "seed", Usage: "of everything that is drawn", DefaultText: "drawn too"},
			&cli.BoolFlag{Name: "slow", Usage: "tell it at a reader's pace"},
			&cli.BoolFlag{Name: "real", Usage: "let processes on this machine do it"},
		},
		Action: playGenerals,
	}
}

func playGenerals(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	o, err := generalsOptions(c)
	if err != nil {
		return err
	}
	t := &teller{out: c.App.Writer, colours: colourful(c.App.Writer)}
	if c.Bool("slow") {
		t.pace = readingPace
	}
	if c.Bool("real") {
		return realGenerals(c.Context, o, t, c.App.ErrWriter)
	}
	report, err := generals.Play(o)
	if err != nil {
		return err
	}
	if err := t.tell(c.Context, report.Story()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "\nthe same again: abad generals %s\n", replay(c, o.Seed))
	return promised(report)
}

func generalsOptions(c *cli.Context) (o generals.Options, err error) {
	o = generals.Options{Generals: c.Int("generals"), Traitors: c.Int("traitors"), Seed: c.Uint64("seed")}
	if !c.IsSet("seed") {
		o.Seed = rand.Uint64N(1000) // short enough to be typed again
	}
	if o.Lie, err = generals.ParseLie(c.String("lie")); err != nil {
		return o, usagef("--lie: %w", err)
	}
	if o.Lost, err = generals.ParseShare(c.String("messengers-lost")); err != nil {
		return o, usagef("--messengers-lost: %w", err)
	}
	if c.IsSet("orders") {
		if o.Orders, err = generals.ParseOrders(c.String("orders")); err != nil {
			return o, usagef("--orders: %w", err)
		}
	}
	if c.IsSet("threshold") {
		if o.Threshold, err = generals.ParseFraction(c.String("threshold")); err != nil {
			return o, usagef("--threshold: %w", err)
		}
	}
	if err := o.Check(); err != nil {
		return o, usageError{err}
	}
	if c.Bool("real") && (o.Lost > 0 || c.IsSet("seed")) {
		return o, hintf(usagef("--real takes neither --seed nor --messengers-lost"), "the network of this machine does what it likes, and loses nothing for long")
	}
	return o, nil
}

// replay gives the flags of a run, with its seed.
func replay(c *cli.Context, seed uint64) string {
	var flags []string
	for _, name := range []string{"generals", "traitors", "lie", "messengers-lost", "orders", "threshold"} {
		if c.IsSet(name) {
			flags = append(flags, fmt.Sprintf("--%s %v", name, c.Value(name)))
		}
	}
	return strings.Join(append(flags, fmt.Sprintf("--seed %d", seed)), " ")
}

// promised is an error if the protocol did not do what it promises.
func promised(r *generals.Report) error {
	if r.Protected() && r.Outcome() != generals.Agreed {
		return errors.New("n > 3t, and the loyal generals did not agree: this is a bug of this program")
	}
	return nil
}

// readingPace is the pause after a line that somebody reads.
const readingPace = 400 * time.Millisecond

// teller writes a story's lines.
type teller struct {
	out     io.Writer
	colours bool
	pace    time.Duration
}

// tones are the colours of lines (ECMA-48, section 8.3.117).
var tones = map[generals.Tone]string{
	generals.Title: "1", generals.Treason: "31", generals.Good: "32", generals.Bad: "1;31",
}

func (t *teller) tell(ctx context.Context, lines []generals.Line) error {
	for _, line := range lines {
		text := line.Text
		if colour := tones[line.Tone]; t.colours && colour != "" {
			text = "\x1b[" + colour + "m" + text + "\x1b[0m"
		}
		if _, err := fmt.Fprintln(t.out, text); err != nil {
			return err
		}
		if t.pace > 0 {
			if err := pause(ctx, t.pace); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *teller) say(ctx context.Context, tone generals.Tone, format string, args ...any) error {
	return t.tell(ctx, []generals.Line{{Tone: tone, Text: fmt.Sprintf(format, args...)}})
}
