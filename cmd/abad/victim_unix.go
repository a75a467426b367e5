//go:build unix

package main

import "syscall"

// Stop leaves the process there without letting it run.
func (v victim) Stop() error { return v.p.cmd.Process.Signal(syscall.SIGSTOP) }

// Continue lets it run again.
func (v victim) Continue() error { return v.p.cmd.Process.Signal(syscall.SIGCONT) }
