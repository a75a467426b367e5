package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fault is something that happens to a node during a run.
type Fault struct {
	Kind string  `json:"kind"` // "kill" or "stop"
	Node int     `json:"node"` // in the order of Config.Nodes
	At   float64 `json:"at_s"` // seconds from the start of the measuring; negative: in the warm-up
}

// ParseFault reads "3@10": node 3, ten seconds after the start. "3@10s" is the same.
func ParseFault(kind, text string) (Fault, error) {
	wrong := func() (Fault, error) {
		return Fault{}, fmt.Errorf("%q is not a node and a time, like 3@10s", text)
	}
	node, when, ok := strings.Cut(text, "@")
	if !ok {
		return wrong()
	}
	n, err := strconv.ParseUint(node, 10, 16)
	if err != nil {
		return wrong()
	}
	at, err := strconv.ParseFloat(when, 64)
	if err != nil {
		d, err := time.ParseDuration(when)
		if err != nil {
			return wrong()
		}
		at = d.Seconds()
	}
	if !(at >= 0 && at <= 24*3600) {
		return wrong()
	}
	return Fault{Kind: kind, Node: int(n), At: at}, nil
}

func (f Fault) check(c Config) error {
	switch {
	case f.Node >= len(c.Nodes):
		return fmt.Errorf("%s %d@%gs: there are %d nodes", f.Kind, f.Node, f.At, len(c.Nodes))
	case c.Nodes[f.Node].Process == nil:
		return fmt.Errorf("%s %d@%gs: the node is not ours", f.Kind, f.Node, f.At)
	case f.At >= c.Seconds || f.At < -c.Warmup.Seconds():
		return fmt.Errorf("%s %d@%gs: the run has %g seconds", f.Kind, f.Node, f.At, c.Seconds)
	}
	return nil
}

// strike makes the fault happen when its time has come.
func (f Fault) strike(ctx context.Context, start time.Time, n Node) error {
	if pause(ctx, time.Until(start.Add(seconds(f.At)))) != nil {
		return nil
	}
	var err error
	if f.Kind == "kill" {
		err = n.Process.Kill()
	} else {
		err = n.Process.Stop()
	}
	if err != nil {
		return fmt.Errorf("%s node %d: %w", f.Kind, f.Node, err)
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// pause waits for a moment, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
