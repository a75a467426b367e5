package main

import (
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// flagsFirst moves the flags of a command before its arguments, so that
// `abad submit hello --json` means what it says. What follows "--" stays.
func flagsFirst(app *cli.App, args []string) []string {
	if len(args) < 3 || args[len(args)-1] == askedByShell {
		return args
	}
	command, names := app.Command(args[1]), 2
	if command == nil {
		return args
	}
	for names < len(args) && command.Command(args[names]) != nil {
		command = command.Command(args[names])
		names++
	}
	flags, rest := args[:names:names], []string{}
	for i := names; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			rest = append(rest, arg)
			continue
		}
		flags = append(flags, arg)
		if !takesValue(command, arg) {
			continue
		}
		if i++; i == len(args) {
			return flags // its value is missing, and nothing else may be taken for it
		}
		flags = append(flags, args[i])
	}
	return append(append(flags, "--"), rest...)
}

// takesValue reports whether the next argument belongs to this flag.
func takesValue(command *cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	for _, flag := range command.Flags {
		documented, ok := flag.(cli.DocGenerationFlag)
		if !ok || !documented.TakesValue() {
			continue
		}
		for _, n := range flag.Names() {
			if n == name {
				return true
			}
		}
	}
	return false
}

// noCommand is the root's action: without arguments help, with one an unknown
// command.
func noCommand(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowAppHelp(c)
	}
	return unknownCommand(c.App.Commands, c.Args().First())
}

// badTopic answers `abad help NAME`; the library gives it no way to fail, so it
// tells the error itself and the process ends as after any other one.
func badTopic(c *cli.Context, name string) {
	commands := c.App.Commands
	if c.Command != nil && len(c.Command.Subcommands) > 0 {
		commands = c.Command.Subcommands
	}
	cli.OsExiter(report(c.App.ErrWriter, unknownCommand(commands, name)))
}

func unknownCommand(commands []*cli.Command, name string) error {
	var names []string
	for _, command := range commands {
		names = append(names, command.Name)
	}
	err := usagef("unknown command %q", name)
	if near := nearest(name, names); near != "" {
		return hintf(err, "did you mean %q", near)
	}
	return hintf(err, "the commands are %s", strings.Join(names, ", "))
}

// badFlag puts the flag package's errors into our words.
func badFlag(c *cli.Context, err error, _ bool) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return unknownFlag(c.Command, name)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return usagef("--%s needs a value", name)
	}
	// invalid value "x" for flag -nodes: parse error
	if head, why, ok := strings.Cut(text, ": "); ok {
		if value, name, ok := strings.Cut(strings.TrimPrefix(head, "invalid value "), " for flag -"); ok {
			return usagef("--%s: %s %s", name, value, notOf(c.Command, name, why))
		}
	}
	return usageError{err}
}

// notOf says what a flag's value is not.
func notOf(command *cli.Command, name, why string) string {
	for _, flag := range command.Flags {
		if flag.Names()[0] != name {
			continue
		}
		switch flag.(type) {
		case *cli.IntFlag:
			return "is not a whole number"
		case *cli.DurationFlag:
			return "is not a time like 30s or 2m"
		case *cli.BoolFlag:
			return "is neither true nor false"
		}
	}
	return "is wrong: " + why
}

func unknownFlag(command *cli.Command, name string) error {
	names := []string{"help"}
	for _, flag := range command.Flags {
		names = append(names, flag.Names()[0])
	}
	err := usagef("unknown flag --%s", name)
	if near := nearest(name, names); near != "" {
		return hintf(err, "did you mean --%s", near)
	}
	return hintf(err, "%s --help lists the flags", command.HelpName)
}

// mistakes is how many letters may be put in, left out or changed in a name that
// still means another one; two swapped letters count as two.
const mistakes = 2

// nearest gives the name that was most likely meant, or "" if none is near.
func nearest(given string, names []string) string {
	given = strings.ToLower(given)
	best, fewest := "", mistakes+1
	for _, name := range names {
		if n := smetrics.WagnerFischer(given, name, 1, 1, 1); n < fewest {
			best, fewest = name, n
		}
	}
	for _, name := range names {
		if best == "" && strings.HasPrefix(name, given) {
			best = name
		}
	}
	return best
}

// atMost refuses arguments that a command has no use for.
func atMost(c *cli.Context, n int) error {
	if c.NArg() <= n {
		return nil
	}
	return hintf(usagef("unexpected argument %q", c.Args().Get(n)), "%s --help shows what it takes", c.Command.HelpName)
}
