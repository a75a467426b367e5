package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// What a shell sources: it asks this program itself for the words that may come,
// so that it always knows the commands of the abad it runs.
var (
	//go:embed completion/abad.bash
	bashCompletion string
	//go:embed completion/abad.zsh
	zshCompletion string
)

// askedByShell is the last argument when a shell asks what may come next.
const askedByShell = "--generate-bash-completion"

var shells = []string{"bash", "zsh", "fish"}

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print what makes a shell complete commands and flags",
		UsageText: "abad completion bash|zsh|fish",
		Description: "Examples:\n   source <(abad completion bash)            # now; in ~/.bashrc: always\n" +
			"   source <(abad completion zsh)             # in ~/.zshrc, after compinit\n" +
			"   abad completion fish > ~/.config/fish/completions/abad.fish",
		BashComplete: func(c *cli.Context) { fmt.Fprintln(c.App.Writer, strings.Join(shells, "\n")) },
		Action:       showCompletion,
	}
}

// complete offers what a command takes. The library offers hidden flags as well.
func complete(command *cli.Command) cli.BashCompleteFunc {
	return func(c *cli.Context) {
		cli.DefaultCompleteWithFlags(&cli.Command{Flags: command.VisibleFlags(), Subcommands: command.Subcommands})(c)
	}
}

func showCompletion(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	text := ""
	switch shell := c.Args().First(); shell {
	case "bash":
		text = bashCompletion
	case "zsh":
		text = zshCompletion
	case "fish":
		var err error
		if text, err = c.App.ToFishCompletion(); err != nil {
			return err
		}
	case "":
		return hintf(usagef("no shell"), "abad completion %s", strings.Join(shells, "|"))
	default:
		return usagef("%q is none of the shells %s", shell, strings.Join(shells, ", "))
	}
	_, err := fmt.Fprint(c.App.Writer, text)
	return err
}
