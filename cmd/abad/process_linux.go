package main

import "syscall"

// childAttributes puts a child into a process group of its own, so that a ctrl-C
// at the terminal reaches this process alone, which then asks its children to
// stop. Should this process die without asking, the kernel kills the children.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
