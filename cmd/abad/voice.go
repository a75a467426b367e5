package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

// usageError says that the command line is wrong, and not the world.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// hintedError carries a line that says what to do about it.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error { return e.error }

func hintf(err error, format string, args ...any) error {
	return hintedError{err, fmt.Sprintf(format, args...)}
}

// errReported ends the process with a failure that has been told already.
var errReported = errors.New("told already")

// interrupted replaces the words of an error that a signal has caused, and keeps
// its hint.
func interrupted(err error) error {
	var hinted hintedError
	if errors.As(err, &hinted) {
		return hintedError{errors.New("interrupted"), hinted.hint}
	}
	return errors.New("interrupted")
}

// report tells an error and its hint, and gives the exit code.
func report(w io.Writer, err error) int {
	if !errors.Is(err, errReported) {
		fmt.Fprintf(w, "abad: error: %v\n", err)
	}
	var hinted hintedError
	if errors.As(err, &hinted) {
		fmt.Fprintf(w, "abad: hint: %s\n", hinted.hint)
	}
	var usage usageError
	var coded cli.ExitCoder
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &coded):
		return coded.ExitCode()
	}
	return exitFailure
}
