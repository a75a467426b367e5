package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Where the kernel can do it, a cluster whose parent is killed leaves no process.
func TestLocalKilledLeavesNoOrphans(t *testing.T) {
	// Orphans become children of this process, which can then see how they ended.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	r, children := runTwoNodes(t)
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.cmd.Wait()
	for _, pid := range children {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if err == syscall.ECHILD {
			// A thread of the dying parent that was waiting for it came first: the
			// system kills the child as soon as the thread that started it is gone.
			if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
				t.Errorf("process %d is left: %v", pid, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !status.Signaled() || status.Signal() != syscall.SIGKILL {
			t.Errorf("process %d ended by itself: status %#x", pid, status)
		}
	}
}

// runTwoNodes is `abad local` with two nodes that are ready, and their processes.
func runTwoNodes(t *testing.T) (r *running, children []int) {
	t.Helper()
	r = runLocalNodes(t, 2)
	for _, api := range r.apis {
		abad(t, "status", "--wait", "60s", "--api", api)
	}
	children = childrenOf(t, r.cmd.Process.Pid)
	if len(children) != 2 {
		t.Fatalf("local has the children %v", children)
	}
	return r, children
}

func childrenOf(t *testing.T, parent int) (children []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended since
		}
		// pid (name) state ppid ...; see proc(5)
		_, rest, _ := strings.Cut(string(data), ") ")
		var state string
		var ppid int
		if _, err := fmt.Sscan(rest, &state, &ppid); err != nil || ppid != parent {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, pid)
	}
	return children
}
