package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"abad/net/freeport"
)

// program is the abad command that the test binary is when it is called so.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("abad")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	return cmd
}

// running is `abad local` without a directory, once all APIs are told.
type running struct {
	cmd  *exec.Cmd
	apis []string
	log  *strings.Builder
}

func runLocalNodes(t *testing.T, nodes int) *running {
	t.Helper()
	r := &running{cmd: program(t, "local", "--nodes", fmt.Sprint(nodes)), log: &strings.Builder{}}
	r.cmd.Stderr = r.log
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // and it removes what its nodes wrote
		r.cmd.Process.Signal(syscall.SIGTERM)
		r.cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for i := range nodes {
		if !lines.Scan() {
			t.Fatalf("local told %d APIs of %d", i, nodes)
		}
		name, api, _ := strings.Cut(lines.Text(), " ")
		if name != fmt.Sprintf("node%d", i) {
			t.Fatalf("line %d of local is %q", i, lines.Text())
		}
		r.apis = append(r.apis, api)
	}
	return r
}

func abad(t *testing.T, args ...string) string {
	t.Helper()
	cmd := program(t, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("abad %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// An interrupted demo ends at once, says so, and leaves nothing.
func TestDemoInterrupted(t *testing.T) {
	for range 5 {
		if interruptedDemo(t) {
			return
		}
	}
	t.Error("no demo was interrupted: each told its story to the end")
}

// interruptedDemo reports whether the signal reached a demo under way.
func interruptedDemo(t *testing.T) bool {
	t.Helper()
	cmd := program(t, "demo")
	temp := t.TempDir()
	cmd.Env = append(cmd.Env, "TMPDIR="+temp)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "node 3") {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	whole := false
	for lines.Scan() {
		whole = whole || strings.Contains(lines.Text(), "3 nodes, one dead") // the last line
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); !whole && (code != exitFailure || errs.String() != "abad: error: interrupted\n") {
		t.Errorf("exit code %d, and it said:\n%s", code, errs.String())
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return !whole
}

// A cluster without a directory takes other ports when the usual ones are taken,
// and says so; SIGTERM ends it and all of its processes.
func TestLocalOnBusyPorts(t *testing.T) {
	taken, err := net.Listen("tcp", freeport.Addr(defaultAPIPort))
	if err == nil { // else somebody else holds it, which is as good
		defer taken.Close()
	}
	r := runLocalNodes(t, 2)
	for _, api := range r.apis {
		abad(t, "status", "--wait", "60s", "--api", api)
		if strings.HasSuffix(api, fmt.Sprintf(":%d", defaultAPIPort)) {
			t.Errorf("%s is taken", api)
		}
	}
	abad(t, "submit", "--api", r.apis[1], "hello")
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Fatalf("local ended with %v:\n%s", err, r.log)
	}
	for _, line := range []string{"abad: the ports from 7400 and 7500 on are not all free", `node1 | `, `msg="node stopped"`} {
		if !strings.Contains(r.log.String(), line) {
			t.Errorf("no %q in:\n%s", line, r.log)
		}
	}
	for _, api := range r.apis {
		if conn, err := net.Dial("tcp", strings.TrimPrefix(api, "http://")); err == nil {
			conn.Close()
			t.Errorf("%s still answers", api)
		}
	}
}
