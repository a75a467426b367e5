// Command abad runs a node of a cluster that agrees on one log of values
// although up to a third of the nodes may be faulty and the network owes
// nothing but eventual delivery. It also makes such clusters, and submits
// values to them and reads them back.
//
// Results go to standard output, everything else to standard error. The exit
// code is 0 after success, 1 after a failure and 2 after a wrong command line.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/urfave/cli/v2"
)

// init keeps main on the first thread of the process, which [letTimersBeLate] needs.
func init() { runtime.LockOSThread() }

func main() {
	if ofNode(os.Args) {
		letTimersBeLate()
	}
	runtime.UnlockOSThread()
	os.Exit(run(os.Args))
}

// ofNode reports whether a command line is a node's, or that of a process which is
// measured in the place of a node.
func ofNode(args []string) bool {
	return len(args) > 1 && args[1] == "start" || len(args) > 2 && args[1] == "bench" && args[2] == "wire"
}

func run(args []string) int {
	// The first signal asks every command to end in order; after it the default
	// is back, so that a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	app := newApp()
	err := app.RunContext(ctx, flagsFirst(app, args))
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = interrupted(err)
	}
	return report(app.ErrWriter, err)
}

func newApp() *cli.App {
	app := &cli.App{
		Name:      "abad",
		Usage:     "asynchronous Byzantine agreement: n nodes, one log, no clocks",
		UsageText: "abad COMMAND [OPTIONS] [ARGUMENTS]\n\nabad demo                        see a cluster decide, lose a node, and go on\nabad help COMMAND                every command has an example",
		Commands: []*cli.Command{
			initCommand(), startCommand(), localCommand(), demoCommand(),
			submitCommand(), logCommand(), voteCommand(), decisionCommand(), decisionsCommand(), agreeCommand(), statusCommand(), proofCommand(), verifyCommand(), generalsCommand(), simCommand(), benchCommand(), versionCommand(),
			backupCommand(), restoreCommand(), inspectCommand(),
			tokenCommand(), logLevelCommand(),
			topCommand(), doctorCommand(), adoptCommand(), rekeyCommand(), completionCommand(),
		},
		HideVersion: true, // the command says more

		EnableBashCompletion: true, // other shells ask in its way
		Action:               noCommand,
		OnUsageError:         badFlag,
		CommandNotFound:      badTopic,
		ExitErrHandler:       func(*cli.Context, error) {}, // run reports
	}
	strict(app.Commands)
	reachable(app.Commands)
	app.Setup()
	app.Command("help").Usage = "show how a command is used"
	return app
}

// strict gives commands and those below them our words for wrong flags.
func strict(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = badFlag
		c.HideHelpCommand = true
		if c.BashComplete == nil {
			c.BashComplete = complete(c)
		}
		strict(c.Subcommands)
	}
}
