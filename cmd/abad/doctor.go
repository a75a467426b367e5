package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"abad/client"
	"abad/doctor"
	"abad/home"
	"abad/net"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "look for what keeps a node from running well",
		UsageText: "abad doctor --home DIR/node0 [OPTIONS]",
		Description: "It looks at the node's files and keys, ports and peers, and at the machine's clock, UDP buffers, file\n" +
			"limit and disk, and says what to do. When the node does not run, it shakes hands with all peers itself.\n" +
			"The exit code is 1 when a check fails; with warnings alone it is 0. Run it as the user of the node.\n\n" +
			"Example:\n   abad doctor --home cluster/node0",
		Flags: []cli.Flag{
			homeFlag(), tokenFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object for each finding"},
		},
		Action: runDoctor,
	}
}

func runDoctor(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	dir := c.String("home")
	if dir == "" {
		return hintf(usagef("--home is missing"), "it is the directory from which abad start runs the node")
	}
	report := doctor.Examine(c.Context, doctor.Patient{Dir: dir, Links: linksConfig, Client: ownClient(c)})
	if c.Context.Err() != nil {
		return c.Context.Err()
	}
	if c.Bool("json") {
		out := json.NewEncoder(c.App.Writer)
		for _, f := range report {
			if err := out.Encode(f); err != nil {
				return err
			}
		}
	} else if err := report.Print(c.App.Writer); err != nil {
		return err
	}
	if n := report.Count(doctor.Fail); n > 0 {
		return fmt.Errorf("%d of %d checks failed", n, len(report))
	}
	return nil
}

// linksConfig is what net needs to know of a home to reach peers.
func linksConfig(h *home.Home) net.Config {
	conf := net.Config{Self: h.Self, Key: h.NodeKey, Cluster: h.Roster.Cluster, Era: h.Roster.Era}
	for _, peer := range h.Roster.Nodes {
		conf.Peers = append(conf.Peers, net.Peer{Key: peer.LinkKey(), Addr: peer.Addr})
	}
	return conf
}

// ownClient is let in by --token, and trusts the node's own certificate.
func ownClient(c *cli.Context) func(*home.Home) (*client.Client, error) {
	return func(h *home.Home) (*client.Client, error) {
		conf := client.Config{URL: ownURL(h), Token: c.String("token")}
		if file := h.Config.Access.Certificate; file != "" {
			pool, err := trusted(file)
			if err != nil {
				return nil, err
			}
			conf.RootCAs = pool
		}
		return client.New(conf)
	}
}
