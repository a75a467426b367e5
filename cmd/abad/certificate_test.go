package main

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"abad/access/certtest"
)

// certificate FILE DURATION makes FILE.crt and FILE.key for 127.0.0.1, good for so long.
func makeCertificate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: certificate FILE DURATION")
	}
	d, err := time.ParseDuration(args[1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(certtest.Write(filepath.Dir(path), filepath.Base(path), time.Now().Add(d)))
}

// token NAME FILE puts the token in a file into the environment.
func setToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: token NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}
