package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"abad/generals"
)

// traitorTag is the build tag without which no program has a word of treason in it.
const traitorTag = "traitor"

// buildTraitor makes a daemon that lies, and gives its path in dir.
func buildTraitor(ctx context.Context, dir string) (string, error) {
	compiler, err := exec.LookPath("go")
	if err != nil {
		return "", hintf(errors.New("traitors are built when they are needed, and there is no Go toolchain in the path"),
			"install Go, or leave --real out; --traitors 0 --real needs none")
	}
	source, err := findSource(ctx, compiler)
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "traitor")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.CommandContext(ctx, compiler, "build", "-tags", traitorTag, "-o", program, "./cmd/abad")
	build.Dir = source
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build a traitor in %s: %w: %s", source, err, strings.TrimSpace(string(said)))
	}
	return program, nil
}

// findSource looks for this module where we are, and where this program was built.
func findSource(ctx context.Context, compiler string) (string, error) {
	places := []string{"."}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		places = append(places, filepath.Dir(file))
	}
	for _, place := range places {
		list := exec.CommandContext(ctx, compiler, "list", "-m", "-f", "{{.Path}} {{.Dir}}")
		list.Dir = place
		said, err := list.Output()
		if dir, ours := strings.CutPrefix(strings.TrimSpace(string(said)), "abad "); err == nil && ours {
			return dir, nil
		}
	}
	return "", hintf(errors.New("traitors are built when they are needed, and the source of this program is not here"),
		"run it in a checkout of the project, or leave --real out; --traitors 0 --real needs none")
}

// startTraitor is startProcess for a daemon that lies.
func startTraitor(program string, node int, h homeDir, o generals.Options) (*process, error) {
	p := &process{node: node, api: h.api, ended: make(chan struct{})}
	p.cmd = exec.Command(program, "start", "--home", h.dir)
	p.cmd.Env = append(os.Environ(), fmt.Sprintf("ABAD_LIE=%s", o.Lie), fmt.Sprintf("ABAD_LOYAL=%d", o.Generals-o.Traitors))
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = io.Discard, io.Discard, childAttributes()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node %d: %w", node, err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}
