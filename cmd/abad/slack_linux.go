package main

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// timerSlack is by how much the kernel may be late with a node's timers. Go rounds
	// what it waits for to a millisecond itself; but its scheduler has a thread that
	// sleeps for 20 µs at a time while anything goes on, thousands of times a second,
	// and a timer's interrupt is dear on a virtual machine.
	timerSlack = time.Millisecond
	// usualSlack is what the kernel gives to whoever does not ask (PR_SET_TIMERSLACK).
	usualSlack = 50 * time.Microsecond
)

// letTimersBeLate gives all threads of this process that slack. A thread has it from
// the one that made it, and the scheduler's are as old as the process: so the program
// begins anew, with the same arguments and number. It must be called on the first
// thread of the process, which alone is told when the parent dies (PR_SET_PDEATHSIG).
// Where something fails, timers are as they are. Who runs the program with a slack
// other than the usual one meant that.
func letTimersBeLate() {
	if slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0); err != nil || slack != int(usualSlack) {
		return
	}
	program, err := os.Executable()
	if err != nil || unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack), 0, 0, 0) != nil {
		return
	}
	if slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0); err == nil && slack == int(timerSlack) {
		_ = syscall.Exec(program, os.Args, os.Environ())
	}
}
