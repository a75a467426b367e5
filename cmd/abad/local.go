package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/urfave/cli/v2"
)

func localCommand() *cli.Command {
	return &cli.Command{
		Name:      "local",
		Usage:     "run a whole cluster on this machine until ctrl-C",
		UsageText: "abad local [--nodes 4] [--dir DIR]",
		Description: "Every node is a process of its own. The addresses of the APIs go to standard output, the\n" +
			"nodes' logs to standard error. Without --dir the cluster is gone afterwards; with it, the\n" +
			"cluster in DIR is started again, or made there.\n\n" +
			"Examples:\n   abad local\n   abad local --nodes 7 --dir cluster",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "nodes", Value: 4, Usage: "number of nodes of a new cluster"},
			&cli.StringFlag{Name: "dir", TakesFile: true, Usage: "directory of the cluster", DefaultText: "a temporary one"},
		},
		Action: runLocal,
	}
}

func runLocal(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	dir := c.String("dir")
	if dir == "" {
		temp, err := os.MkdirTemp("", "abad-local-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		dir = temp
	}
	homes, err := localHomes(c, dir)
	if err != nil {
		return err
	}
	return runCluster(c.Context, homes, c.App.Writer, c.App.ErrWriter)
}

// localHomes finds the cluster in dir, or makes one.
func localHomes(c *cli.Context, dir string) ([]homeDir, error) {
	nodes, err := nodesFlag(c)
	if err != nil {
		return nil, err
	}
	homes, err := findCluster(dir)
	if err != nil {
		return nil, err
	}
	if len(homes) > 0 {
		if c.IsSet("nodes") && nodes != len(homes) {
			return nil, hintf(usagef("--nodes: %s has a cluster of %d nodes, not %d", dir, len(homes), nodes),
				"leave --nodes out to start it, or give another --dir")
		}
		return homes, nil
	}
	want := ports{peer: defaultPort, api: defaultAPIPort}
	homes, took, err := createCluster(dir, nodes, want)
	if err == nil && took != want {
		fmt.Fprintf(c.App.ErrWriter, "abad: the ports from %d and %d on are not all free: taking those from %d and %d on\n",
			want.peer, want.api, took.peer, took.api)
	}
	return homes, err
}

// runCluster runs the nodes until ctx ends or none is left.
func runCluster(ctx context.Context, homes []homeDir, out, errs io.Writer) error {
	var lock sync.Mutex // of errs
	say := func(format string, args ...any) {
		lock.Lock()
		defer lock.Unlock()
		fmt.Fprintf(errs, "abad: "+format+"\n", args...)
	}
	ctx, cancel := context.WithCancel(ctx)
	var nodes []*process
	var watchers sync.WaitGroup
	defer watchers.Wait()
	defer func() {
		cancel()
		stopAll(context.Background(), nodes)
	}()
	for i, h := range homes {
		output := &prefixer{prefix: fmt.Sprintf("node%d | ", i), lock: &lock, out: errs}
		p, err := startProcess(i, h.dir, h.api, output)
		if err != nil {
			return err
		}
		nodes = append(nodes, p)
		fmt.Fprintf(out, "node%d %s\n", i, h.api)
		watchers.Go(func() {
			<-p.ended
			output.end()
			if ctx.Err() == nil {
				say("node %d has ended (%s); the others go on, and abad start --home %s starts it again", i, p.ending(), h.dir)
			}
		})
	}
	say("ctrl-C stops all %d nodes", len(nodes))
	none := make(chan struct{})
	watchers.Go(func() {
		defer close(none)
		for _, p := range nodes {
			<-p.ended
		}
	})
	select {
	case <-ctx.Done():
		say("stopping %d nodes", len(nodes))
		return nil
	case <-none:
		return fmt.Errorf("all %d nodes have ended", len(nodes))
	}
}
