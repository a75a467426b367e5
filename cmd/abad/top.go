package main

import (
	"github.com/urfave/cli/v2"

	"abad/top"
)

func topCommand() *cli.Command {
	return &cli.Command{
		Name:      "top",
		Usage:     "watch a cluster in the terminal",
		UsageText: "abad top --cluster DIR",
		Description: "Once a second: every node and its links (+ up, - down, ? not known), values a second, block latency,\n" +
			"and the epochs under way slot by slot. q quits. Where the output is no terminal, one plain picture is\n" +
			"printed.\n\n" +
			"Examples:\n   abad top --cluster cluster\n   abad top --cluster http://127.0.0.1:7500,http://127.0.0.1:7501",
		Flags:  []cli.Flag{clusterFlag(), tokenFlag(), caFlag()},
		Action: showTop,
	}
}

func showTop(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	if !c.IsSet("cluster") {
		return hintf(usagef("--cluster is missing"), "it names the nodes: the directory of a cluster on this machine, or URLs of APIs with commas")
	}
	targets, err := clusterTargets(c)
	if err != nil {
		return err
	}
	defer closeTargets(targets)
	return top.Run(c.Context, targets, c.App.Reader, c.App.Writer)
}
