package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// release is the version that the next tag will have.
const release = "0.1.0-dev"

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:        "version",
		Usage:       "print the version of this program",
		UsageText:   "abad version",
		Description: "Example:\n   abad version",
		Action: func(c *cli.Context) error {
			if err := atMost(c, 0); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.App.Writer, version())
			return err
		},
	}
}

func version() string {
	text := fmt.Sprintf("abad %s %s %s/%s", release, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return text
	}
	stamp := make(map[string]string)
	for _, s := range info.Settings {
		stamp[s.Key] = s.Value
	}
	if commit := stamp["vcs.revision"]; len(commit) >= 12 {
		text += " commit " + commit[:12]
		if stamp["vcs.modified"] == "true" {
			text += " with changes"
		}
	}
	return text
}
