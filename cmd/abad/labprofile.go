package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"abad/bench"
)

// profile keeps what a node did while it was measured. A profile that cannot be had
// spoils no measurement: it is told and missing.
func (l *lab) profile(ctx context.Context, node int, url string, s bench.Scenario) {
	err := os.MkdirAll(l.profiles, 0o755)
	if err == nil {
		err = pause(ctx, s.Warmup)
	}
	for _, kind := range []string{fmt.Sprintf("profile?seconds=%d", max(1, int(s.Seconds)-1)), "allocs", "mutex", "block"} {
		if err != nil {
			break
		}
		name, _, _ := strings.Cut(kind, "?")
		err = fetchTo(ctx, filepath.Join(l.profiles, fmt.Sprintf("%s-node%d.%s.pprof", s.Name, node, name)), url+"/debug/pprof/"+kind)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(l.errs, "abad: no profile of node %d: %v\n", node, err)
	}
}

func fetchTo(ctx context.Context, file, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return writeFile(file, func(w io.Writer) error {
		_, err := io.Copy(w, resp.Body)
		return err
	})
}
