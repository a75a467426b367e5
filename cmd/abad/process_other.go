//go:build !linux

package main

import "syscall"

// childAttributes leaves children in the terminal's process group: where the
// kernel does not end them with their parent, ctrl-C has to reach them.
func childAttributes() *syscall.SysProcAttr { return nil }
