package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"abad/bench"
	"abad/client"
	"abad/home"
	"abad/net/freeport"
)

// labReady is how long a cluster may take until all see each other: keys of 32 nodes
// and a slow disk among them.
const labReady = 2 * time.Minute

// labCluster is a cluster of processes under measurement.
type labCluster struct {
	processes []*process
	profiles  []string // URLs, where profiles are wanted
	logs      []*os.File
}

func (l *lab) start(dir string, homes []homeDir, flags []string) (*labCluster, error) {
	c := &labCluster{}
	first := 0
	if l.profiles != "" {
		p, err := freePorts(len(homes))
		if err != nil {
			return c, err
		}
		first = p.api
	}
	for i, h := range homes {
		output, err := os.Create(logFile(dir, i))
		if err != nil {
			return c, err
		}
		c.logs = append(c.logs, output)
		own := flags
		if first > 0 {
			own = append(own[:len(own):len(own)], "--"+flagProfiles, freeport.Addr(first+i))
			c.profiles = append(c.profiles, "http://"+freeport.Addr(first+i))
		}
		p, err := startProcess(i, h.dir, h.api, output, own...)
		if err != nil {
			return c, err
		}
		c.processes = append(c.processes, p)
	}
	return c, nil
}

// await waits until every node sees every other.
func (c *labCluster) await(ctx context.Context) error {
	why := fmt.Errorf("the nodes do not see each other after %v", labReady)
	ctx, cancel := context.WithTimeoutCause(ctx, labReady, why)
	defer cancel()
	for _, p := range c.processes {
		api, err := client.New(client.Config{URL: p.api})
		if err != nil {
			return err
		}
		for {
			status, err := api.Status(ctx)
			up := 0
			for _, peer := range status.Peers {
				if peer.Up {
					up++
				}
			}
			if err == nil && up == len(c.processes)-1 {
				break
			}
			if err := c.alive(nil); err != nil {
				return err
			}
			if err := pause(ctx, readyPoll); err != nil {
				return err
			}
		}
		api.Close()
	}
	return nil
}

// alive is an error if a node has ended that no fault was to kill: of a full disk, say.
func (c *labCluster) alive(faults []bench.Fault) error {
	for i, p := range c.processes {
		meant := slices.ContainsFunc(faults, func(f bench.Fault) bool { return f.Node == i })
		if !meant && !p.running() {
			return fmt.Errorf("node %d has ended: %s", i, p.ending())
		}
	}
	return nil
}

// retain makes the nodes keep the payload of so many blocks.
func retain(homes []homeDir, blocks int) error {
	const unset = "# retain = 0\n"
	for _, h := range homes {
		path := filepath.Join(h.dir, home.ConfigFile)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		before, after, found := strings.Cut(string(data), unset)
		if !found {
			return fmt.Errorf("%s does not say %q", path, unset)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, "%sretain = %d\n%s", before, blocks, after), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (c *labCluster) nodes() []bench.Node {
	var nodes []bench.Node
	for _, p := range c.processes {
		nodes = append(nodes, bench.Node{URL: p.api, Process: victim{p}})
	}
	return nodes
}

// stop ends the processes, also those that are stopped.
func (c *labCluster) stop() {
	for _, p := range c.processes {
		if p.running() {
			victim{p}.Continue()
		}
	}
	stopAll(context.Background(), c.processes)
	for _, f := range c.logs {
		f.Close()
	}
}

// victim is a process that the bench may hurt.
type victim struct{ p *process }

func (v victim) Kill() error { v.p.kill(); return nil }
