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
	if commit := revision(); commit != "" {
		text += " commit " + commit
	}
	return text
}

// revision is the commit that this program was built from, "" if that is not known.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	stamp := make(map[string]string)
	for _, s := range info.Settings {
		stamp[s.Key] = s.Value
	}
	commit := stamp["vcs.revision"]
	if len(commit) < 12 {
		return ""
	}
	if stamp["vcs.modified"] == "true" {
		return commit[:12] + " with changes"
	}
	return commit[:12]
}
