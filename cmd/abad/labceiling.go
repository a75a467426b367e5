package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"abad/bench"
)

// wireSeconds is how long a ceiling is measured at most, after a second of warming up.
const wireSeconds = 4.0

// ceilings measures bare processes in the place of all nodes, and of those that the
// scenario's faults leave.
func (l *lab) ceilings(ctx context.Context, homes []homeDir, s bench.Scenario, flags []string) (all, left float64, err error) {
	gone := map[int]bool{}
	for _, f := range s.Faults {
		gone[f.Node] = true
	}
	seconds := min(wireSeconds, s.Seconds)
	if all, err = l.ceiling(ctx, homes, seconds, flags); err != nil {
		return 0, 0, err
	}
	// All links are alike here, so any nodes do for those that are left; a network
	// file is one of all nodes.
	if n := len(homes) - len(gone); len(gone) > 0 && n > 1 && len(flags) == 0 {
		left, err = l.ceiling(ctx, homes[:n], seconds, flags)
	}
	return all, left, err
}

func (l *lab) ceiling(ctx context.Context, homes []homeDir, seconds float64, flags []string) (float64, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	var commands []*exec.Cmd
	for _, h := range homes {
		commands = append(commands, &exec.Cmd{
			Path: program,
			Args: append([]string{os.Args[0], "bench", "wire", "--home", h.dir, "--nodes", fmt.Sprint(len(homes)),
				"--seconds", fmt.Sprint(seconds)}, flags...),
			Stderr: l.errs, SysProcAttr: childAttributes(),
		})
	}
	return bench.Ceiling(ctx, commands)
}
