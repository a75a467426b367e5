package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"abad/client"
)

// defaultAPI is where the first node of a cluster made with the default ports
// serves.
const defaultAPI = "http://127.0.0.1:7500"

func apiFlag() cli.Flag {
	return &cli.StringFlag{Name: "api", Value: defaultAPI, EnvVars: []string{"ABAD_API"}, Usage: "URL of a node's API"}
}

func newClient(c *cli.Context) (*client.Client, error) {
	api, err := client.New(client.Config{URL: c.String("api")})
	if err != nil {
		return nil, usageError{fmt.Errorf("--api: %w", err)}
	}
	return api, nil
}

// apiError puts an error of the client into our words and adds what can be done.
func apiError(url string, err error) error {
	var unsettled *client.Unsettled
	var refused *client.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unsettled):
		return hintf(err, "submit it again with --id %s to find out: it will be in the log once", unsettled.ID)
	case errors.As(err, &refused):
		err = errors.New(plain([]byte(refused.Message)))
		if refused.Hint != "" {
			err = hintf(err, "%s", plain([]byte(refused.Hint)))
		}
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return hintf(fmt.Errorf("no node answers at %s: %w", url, syscall.ECONNREFUSED),
			"start one with abad local, or give its URL with --api or ABAD_API")
	}
	if hint := client.Hint(err); hint != "" {
		return hintf(err, "%s", hint)
	}
	return err
}

// pause waits for a moment, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
