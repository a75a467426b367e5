package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// stopGrace is how long a node may take to stop in order. It has nothing to lose
// when it is killed then: what it said is on disk.
const stopGrace = 10 * time.Second

// process is a node that runs as a child: this very program with `start`.
type process struct {
	node  int
	api   string // URL
	cmd   *exec.Cmd
	ended chan struct{} // closed when the child is gone
	err   error         // how it ended, once ended is closed
	meant atomic.Bool   // we ended it
}

// startProcess starts the node in home, with further flags, and lets it write to
// output.
func startProcess(node int, home, api string, output io.Writer, flags ...string) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	p := &process{node: node, api: api, ended: make(chan struct{})}
	p.cmd = &exec.Cmd{
		Path:        program,
		Args:        append([]string{os.Args[0], "start", "--home", home}, flags...),
		Stdout:      output,
		Stderr:      output,
		SysProcAttr: childAttributes(),
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node %d: %w", node, err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}

// ending says how a child that is gone came to its end.
func (p *process) ending() string {
	if p.err != nil {
		return p.err.Error()
	}
	return "exit status 0"
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill ends the child without asking it, and waits until it is gone.
func (p *process) kill() {
	p.meant.Store(true)
	p.cmd.Process.Kill() // an error means that it is gone already
	<-p.ended
}

// stopAll asks all children to stop and waits until the last one is gone. Those
// that have not stopped when ctx ends, or after stopGrace, are killed.
func stopAll(ctx context.Context, processes []*process) {
	for _, p := range processes {
		p.meant.Store(true)
		p.cmd.Process.Signal(syscall.SIGTERM)
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	for _, p := range processes {
		select {
		case <-p.ended:
		case <-ctx.Done():
			p.kill()
		}
	}
}
