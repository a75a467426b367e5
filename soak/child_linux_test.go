package soak

import "syscall"

// childAttributes: should the test process die, the kernel kills its children.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
