package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"abad/bft"
	"abad/home"
)

// The ports of the first node on a machine, unless told otherwise.
const (
	defaultPort    = 7400
	defaultAPIPort = 7500
)

func initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "make the home directories and keys of a new cluster",
		UsageText: "abad init --dir DIR [OPTIONS]",
		Description: "Every node gets a directory, DIR/node0 and so on, with all that `abad start` needs; copy each\n" +
			"to its machine. Nothing is overwritten. The threshold keys come from a dealer, which is this\n" +
			"command: whoever runs it could have kept them.\n\n" +
			"Examples:\n   abad init --dir cluster\n   abad init --dir cluster --hosts 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4\n   abad init --dir cluster --hosts hosts.txt",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "nodes", Value: 4, Usage: "number of nodes; n nodes survive (n-1)/3 faulty ones"},
			&cli.StringFlag{Name: "dir", TakesFile: true, Usage: "directory that gets the homes"},
			&cli.StringFlag{Name: "hosts", Usage: "where the nodes reach each other: one host for all, or one each, with commas or in a file, a line each", DefaultText: "127.0.0.1"},
			&cli.IntFlag{Name: "port", Value: defaultPort, Usage: "UDP port of the first node on a host; the next ones there count up"},
			&cli.IntFlag{Name: "api-port", Value: defaultAPIPort, Usage: "TCP port of the first API on a host; the next ones there count up"},
		},
		Action: initCluster,
	}
}

func initCluster(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	options, err := initOptions(c)
	if err != nil {
		return err
	}
	homes, err := home.Create(options)
	if err != nil {
		return err
	}
	for _, dir := range homes {
		fmt.Fprintln(c.App.Writer, dir)
	}
	q, err := bft.NewQuorum(options.Nodes)
	if err != nil {
		return err
	}
	w := c.App.ErrWriter
	fmt.Fprintf(w, "abad: %d nodes, of which %d may be faulty\n", q.All(), q.Faulty())
	fmt.Fprintf(w, "abad: this command was the trusted dealer of the threshold keys: it knew all of them for a moment and kept none\n")
	if len(options.Hosts) > 1 {
		for i, host := range options.Hosts {
			fmt.Fprintf(w, "abad: copy %s to %s and to nobody else\n", homes[i], host)
		}
		fmt.Fprintf(w, "abad: then delete them here: each has the secrets of its node\n")
	}
	fmt.Fprintf(w, "abad: start each node with: abad start --home %s\n", homes[0])
	return nil
}

func initOptions(c *cli.Context) (home.CreateOptions, error) {
	o := home.CreateOptions{Dir: c.String("dir"), Port: c.Int("port"), APIPort: c.Int("api-port")}
	if o.Dir == "" {
		return o, hintf(usagef("--dir is missing"), "abad init --dir cluster makes cluster/node0 and so on")
	}
	var err error
	if o.Nodes, err = nodesFlag(c); err != nil {
		return o, err
	}
	if c.IsSet("hosts") {
		if o.Hosts, err = readHosts(c.String("hosts")); err != nil {
			return o, err
		}
		if !c.IsSet("nodes") && len(o.Hosts) > 1 {
			o.Nodes = len(o.Hosts)
		}
		if len(o.Hosts) != 1 && len(o.Hosts) != o.Nodes {
			return o, usagef("--hosts: %d hosts for %d nodes: give one for all or one for each", len(o.Hosts), o.Nodes)
		}
	}
	for _, name := range []string{"port", "api-port"} {
		if port := c.Int(name); port < 1 || port > 65535 {
			return o, usagef("--%s: %d is not a port: those go from 1 to 65535", name, port)
		}
	}
	return o, nil
}

// readHosts takes hosts with commas, or a file with one in each line.
func readHosts(spec string) ([]string, error) {
	info, err := os.Stat(spec)
	if err != nil || !info.Mode().IsRegular() {
		return strings.Split(spec, ","), nil
	}
	if info.Size() > maxHostsFile {
		return nil, usagef("--hosts: %s has %d bytes, and is no list of hosts", spec, info.Size())
	}
	data, err := os.ReadFile(spec)
	if err != nil {
		return nil, err
	}
	var hosts []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			hosts = append(hosts, line)
		}
	}
	if len(hosts) == 0 {
		return nil, usagef("--hosts: %s has no host in it", spec)
	}
	return hosts, nil
}

// maxHostsFile has room for 256 of the longest names, with comments.
const maxHostsFile = 256 << 10

// nodesFlag is --nodes within its bounds.
func nodesFlag(c *cli.Context) (int, error) {
	n := c.Int("nodes")
	if _, err := bft.NewQuorum(n); err != nil {
		return 0, usageError{fmt.Errorf("--nodes: %w", err)}
	}
	return n, nil
}
