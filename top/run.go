package top

import (
	"context"
	"errors"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"abad/survey"
)

// Run shows the view on a terminal until q, ctrl-C or the end of ctx. Where in or
// out is no terminal it prints one plain picture and returns.
func Run(ctx context.Context, targets []survey.Target, in io.Reader, out io.Writer) error {
	if !terminal(in) || !terminal(out) {
		s := Take(ctx, targets)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return s.Print(out)
	}
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	_, err := tea.NewProgram(NewModel(func() Sample { return Take(asking, targets) }), tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out),
		tea.WithoutSignalHandler()).Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil // it was told to stop, as q does
	}
	return err
}

func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}
