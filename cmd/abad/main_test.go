package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"abad/net/freeport"
)

// TestMain lets the test binary be the program: scripts and the program itself
// run it again under the name abad.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"abad": main})
}

// TestScripts runs the transcripts in testdata/script, which say what each
// command prints and what bad input gets.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"ports":   reservePorts,
			"listens": listens,
			"occupy":  occupy,
			"bytes":   makeBytes,
			"replace": replace,
			"insert":  insert,

			"certificate": makeCertificate,
			"token":       setToken,
		},
	})
}

// exits CODE PROGRAM ARGS... runs a program that has to exit with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, not %s", code, args[0])
	}
}

// ports N finds free ports for N nodes and puts them into the environment: PORT
// and APIPORT are the first ones, API0, API1 and so on the URLs.
func reservePorts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ports N")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	p, err := freePorts(n)
	ts.Check(err)
	ts.Defer(func() { freeport.Release(p.peer) })
	ts.Setenv("PORT", strconv.Itoa(p.peer))
	ts.Setenv("APIPORT", strconv.Itoa(p.api))
	for i := range n {
		ts.Setenv(fmt.Sprintf("API%d", i), "http://"+freeport.Addr(p.api+i))
	}
}

// listens URL waits for a program started in the background to take connections,
// for what comes next with a short wait of its own.
func listens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listens URL")
	}
	address := strings.TrimPrefix(args[0], "http://")
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var conn net.Conn
		if conn, err = net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	ts.Fatalf("nothing listens at %s: %v", args[0], err)
}

// occupy udp|tcp PORT holds a port until the script ends.
func occupy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: occupy udp|tcp PORT")
	}
	address := net.JoinHostPort("127.0.0.1", args[1])
	if args[0] == "udp" {
		conn, err := net.ListenPacket("udp", address)
		ts.Check(err)
		ts.Defer(func() { conn.Close() })
		return
	}
	listener, err := net.Listen("tcp", address)
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
}
