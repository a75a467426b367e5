package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// bytes COUNT FILE writes a file of so many bytes.
func makeBytes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bytes COUNT FILE")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bytes.Repeat([]byte{'x'}, count), 0o644))
}

// replace OLD NEW FILE changes a file's text, which has to contain OLD.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%q is not in %s", args[0], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.Replace(text, args[0], args[1], 1)), 0o644))
}

// insert LINE TEXTFILE FILE puts a file's text below a line of another, which has to
// be there once.
func insert(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: insert LINE TEXTFILE FILE")
	}
	text, line := ts.ReadFile(args[2]), args[0]+"\n"
	if strings.Count(text, line) != 1 {
		ts.Fatalf("%q is not once in %s", args[0], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.Replace(text, line, line+ts.ReadFile(args[1]), 1)), 0o644))
}
