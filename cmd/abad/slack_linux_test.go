package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The threads of a node have its slack, unless who starts it has another one than
// usual.
func TestLetTimersBeLate(t *testing.T) {
	const helper = "ABAD_TEST_SLACK"
	if os.Getenv(helper) != "" {
		runtime.LockOSThread()
		letTimersBeLate()
		runtime.UnlockOSThread()
		fmt.Println("slack", slacks(), "of process", os.Getpid())
		return
	}
	runtime.LockOSThread() // a child has what its parent's thread has
	defer runtime.UnlockOSThread()
	defer unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // as it was
	for given, want := range map[time.Duration]time.Duration{
		usualSlack:            timerSlack,
		timerSlack:            timerSlack,
		20 * time.Microsecond: 20 * time.Microsecond,
		time.Second:           time.Second,
	} {
		if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(given), 0, 0, 0); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestLetTimersBeLate$")
		cmd.Env = append(os.Environ(), helper+"=1")
		out, err := cmd.CombinedOutput()
		if want := fmt.Sprintln("slack", []time.Duration{want}, "of process", cmd.Process.Pid); err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("begun with %v: %q, %v, want %q", given, out, err, want)
		}
	}
}

// The nodes that a command starts are among those.
func TestTimersOfNodes(t *testing.T) {
	_, children := runTwoNodes(t)
	for _, pid := range children {
		slack, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", pid))
		if errors.Is(err, fs.ErrPermission) {
			t.Skip(err) // another process's slack is for CAP_SYS_NICE to see
		}
		if want := fmt.Sprintln(timerSlack.Nanoseconds()); err != nil || string(slack) != want {
			t.Errorf("process %d has a slack of %q ns, %v, want %q", pid, slack, err, want)
		}
	}
}

// slacks are those of several threads at once, each once.
func slacks() []time.Duration {
	const threads = 8
	var all []time.Duration
	var together, done sync.WaitGroup
	var mu sync.Mutex
	together.Add(threads)
	for range threads {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			n, _ := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
			mu.Lock()
			all = append(all, time.Duration(n))
			mu.Unlock()
			together.Done()
			together.Wait()
		})
	}
	done.Wait()
	slices.Sort(all)
	return slices.Compact(all)
}
