package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/urfave/cli/v2"

	"abad/batch"
)

// errLine marks a value that this program refuses without asking a node; the ones
// after it can still be submitted.
var errLine = errors.New("not a value")

// values yields what a command line asks to submit: its arguments, the lines of
// standard input for "-", or one file. An error that is not [errLine] is the last
// thing it yields.
func values(c *cli.Context) (iter.Seq2[[]byte, error], error) {
	file := c.String("file")
	switch {
	case c.IsSet("file") && c.NArg() > 0:
		return nil, usagef("--file and values on the command line exclude each other")
	case c.IsSet("file"):
		data, err := readValue(file)
		if err != nil {
			return nil, err
		}
		return func(yield func([]byte, error) bool) { yield(data, nil) }, nil
	case c.NArg() == 0:
		return nil, hintf(usagef("no value"), "abad submit hello, or abad submit - to read one value per line")
	case c.NArg() == 1 && c.Args().First() == "-":
		return lines(c.App.Reader), nil
	}
	return func(yield func([]byte, error) bool) {
		for _, arg := range c.Args().Slice() {
			if !yield([]byte(arg), nil) {
				return
			}
		}
	}, nil
}

// readValue reads a file that may be a value. What no node can take is not read:
// the file may be a disk.
func readValue(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, batch.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("--file: %w", err)
	}
	if len(data) > batch.MaxSize {
		return nil, fmt.Errorf("--file: %s is longer than any value can be, %d bytes", name, batch.MaxSize)
	}
	return data, nil
}

// lines yields the lines of r without their ends.
func lines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		for {
			line, err := readLine(in)
			if err == io.EOF {
				return
			}
			if !yield(line, err) || err != nil && !errors.Is(err, errLine) {
				return
			}
		}
	}
}

// readLine reads one line and gives a copy of it. A line that is longer than any
// value is skipped to its end, and is an [errLine].
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	size := 0
	for {
		part, err := in.ReadSlice('\n')
		if size += len(part); size <= batch.MaxSize {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && size > 0:
		case err != nil:
			return nil, err
		}
		if size > batch.MaxSize {
			return nil, fmt.Errorf("%w: a line of %d bytes, and %d are possible", errLine, size, batch.MaxSize)
		}
		return bytes.TrimSuffix(line, []byte{'\n'}), nil
	}
}
