package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"abad/api/wire"
	"abad/client"
)

func logCommand() *cli.Command {
	return &cli.Command{
		Name:      "log",
		Usage:     "print the decided values in their order",
		UsageText: "abad log [OPTIONS]",
		Description: "A line is block, index, id and value; values that are not plain text are quoted. Every node has\n" +
			"the same log, so any API will do.\n\n" +
			"Examples:\n   abad log\n   abad log --from 12 --limit 100 --json\n   abad log --follow",
		Flags: []cli.Flag{
			apiFlag(),
			&cli.StringFlag{Name: "from", Value: "1", Usage: "`BLOCK` or BLOCK.INDEX to begin with"},
			&cli.IntFlag{Name: "limit", Usage: "how many values at most", DefaultText: "all"},
			&cli.BoolFlag{Name: "follow", Usage: "go on with the values that come, until ctrl-C or the limit"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object per value, the payload in base64"},
		},
		Action: printLog,
	}
}

func printLog(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	from, err := wire.ParsePosition(c.String("from"))
	if err != nil {
		return usageError{fmt.Errorf("--from: %w", err)}
	}
	limit := c.Int("limit")
	if limit < 0 || limit == 0 && c.IsSet("limit") {
		return usagef("--limit: %d is not a number of values over 0", limit)
	}
	node, err := newClient(c)
	if err != nil {
		return err
	}
	defer node.Close()
	out := bufio.NewWriter(c.App.Writer)
	write := func(e wire.Entry) error {
		if c.Bool("json") {
			_, err := out.Write(append(e.Append(nil), '\n'))
			return err
		}
		_, err := fmt.Fprintf(out, "%d %d %s %s\n", e.Block, e.Index, e.ID, plain(e.Value))
		return err
	}
	if c.Bool("follow") {
		err = followLog(c.Context, node, from, limit, func(e wire.Entry) error {
			return errors.Join(write(e), out.Flush())
		})
	} else {
		err = errors.Join(readLog(c.Context, node, from, limit, write), out.Flush())
	}
	return apiError(c.String("api"), err)
}

// readLog gives each value from a position on to take, limit at most unless it
// is 0, until the log ends.
func readLog(ctx context.Context, node *client.Client, from wire.Position, limit int, take func(wire.Entry) error) error {
	for left := limit; ; {
		page, err := node.Page(ctx, from, left)
		if err != nil {
			return err
		}
		for _, e := range page.Values {
			if err := take(e); err != nil {
				return err
			}
		}
		left -= len(page.Values)
		if page.End() || limit > 0 && left <= 0 {
			return nil
		}
		if from = page.Next; limit == 0 {
			left = 0
		}
	}
}

// followLog is readLog that does not end with the log, but with ctx.
func followLog(ctx context.Context, node *client.Client, from wire.Position, limit int, take func(wire.Entry) error) error {
	// The stream waits for a node that is away; this says so if it never was there.
	if _, err := node.Status(ctx); err != nil {
		return err
	}
	count := 0
	for e, err := range node.Stream(ctx, from) {
		if ctx.Err() != nil {
			return nil // ctrl-C is how one ends it
		}
		if err == nil {
			err = take(e)
		}
		if err != nil {
			return err
		}
		if count++; count == limit {
			return nil
		}
	}
	return nil
}

// plain gives text as it is if a terminal can show it in one line and nobody can
// mistake it for a quoted one, and quotes all else.
func plain(text []byte) string {
	if len(text) == 0 || text[0] == '"' || !utf8.Valid(text) {
		return strconv.Quote(string(text))
	}
	for _, r := range string(text) {
		if !unicode.IsPrint(r) {
			return strconv.Quote(string(text))
		}
	}
	return string(text)
}
