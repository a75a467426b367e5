package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// levels of a log, from much to little.
var levels = []string{"debug", "info", "warn", "error"}

func logLevelCommand() *cli.Command {
	return &cli.Command{
		Name:      "log-level",
		Usage:     "show or change what a running node logs",
		UsageText: "abad log-level [OPTIONS] [debug|info|warn|error]",
		Description: "It holds until the node is started again; level in [log] of config.toml holds from then on.\n\n" +
			"Example:\n   abad log-level --api http://127.0.0.1:7501 debug",
		Flags: []cli.Flag{apiFlag()},
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			level := c.Args().First()
			if level != "" && !slices.Contains(levels, level) {
				return usagef("%q is none of %s", level, strings.Join(levels, ", "))
			}
			node, err := newClient(c)
			if err != nil {
				return err
			}
			defer node.Close()
			if level == "" {
				level, err = node.LogLevel(c.Context)
			} else {
				err = node.SetLogLevel(c.Context, level)
			}
			if err != nil {
				return apiError(c.String("api"), err)
			}
			fmt.Fprintln(c.App.Writer, level)
			return nil
		},
	}
}
