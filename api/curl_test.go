package api_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be curl where there is none.
func TestMain(m *testing.M) {
	if os.Getenv("ABAD_TEST_CURL") != "" {
		if err := curl(os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "curl:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// curl knows the options that the documentation uses.
func curl(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("curl", flag.ContinueOnError)
	flags.Bool("sS", true, "")
	flags.Bool("sSN", true, "")
	var data, binary, json, method, file string
	var most time.Duration
	header := http.Header{}
	flags.StringVar(&data, "d", "", "")
	flags.StringVar(&binary, "data-binary", "", "")
	flags.StringVar(&json, "json", "", "")
	flags.StringVar(&method, "X", "", "")
	flags.StringVar(&file, "o", "", "")
	flags.Func("max-time", "", func(s string) (err error) { most, err = time.ParseDuration(s + "s"); return err })
	flags.Func("H", "", func(s string) error {
		name, value, _ := strings.Cut(s, ": ")
		header.Set(name, value)
		return nil
	})
	var urls []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return err
		}
		if args = flags.Args(); len(args) > 0 {
			urls, args = append(urls, args[0]), args[1:]
		}
	}
	if len(urls) != 1 {
		return fmt.Errorf("%d addresses", len(urls))
	}
	ctx := context.Background()
	if most > 0 {
		bounded, cancel := context.WithTimeout(ctx, most)
		defer cancel()
		ctx = bounded
	}
	body := data + binary + json
	if method == "" {
		method = http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, urls[0], strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header
	if json != "" {
		header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if file != "" {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	if _, err = io.Copy(out, resp.Body); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the time is up: %w", err)
	}
	return err
}
