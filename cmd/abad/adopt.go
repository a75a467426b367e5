package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"abad/home"
)

func adoptCommand() *cli.Command {
	return &cli.Command{
		Name:      "adopt",
		Usage:     "make or refresh a home from the files of a bundle",
		UsageText: "abad adopt --from BUNDLE --home DIR",
		Description: "For orchestrators, which hand out files that others may read or nobody may write. It copies the keys,\n" +
			"the roster and the settings into a home that is the node's own. Done again, it brings what was edited,\n" +
			"and refuses the bundle of another node. The file first-start is taken only into a home that was not\n" +
			"there: take it out of the bundle once the node has run, or a lost home would pass for a new one.\n\n" +
			"Example:\n   abad adopt --from /bundle --home /var/lib/abad && abad start --home /var/lib/abad",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", TakesFile: true, Usage: "directory `BUNDLE` with what abad init made for the node"},
			homeFlag(),
		},
		Action: adoptBundle,
	}
}

func adoptBundle(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	for _, name := range []string{"from", "home"} {
		if c.String(name) == "" {
			return usagef("--%s is missing", name)
		}
	}
	made, err := home.Adopt(c.String("from"), c.String("home"))
	if err != nil {
		return err
	}
	what := "refreshed"
	if made {
		what = "made"
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s %s\n", what, c.String("home"))
	return err
}
