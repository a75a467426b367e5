package store

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// ears passes badger's warnings and errors on to slog, and its errors to failed:
// at several places badger only logs that the disk failed and goes on.
type ears struct {
	log    *slog.Logger
	failed func(error)
}

func (e ears) Errorf(format string, args ...any) {
	text := strings.TrimSpace(fmt.Sprintf(format, args...))
	e.log.Error("store: badger reports an error", "err", text)
	e.failed(errors.New("badger: " + text))
}

func (e ears) Warningf(format string, args ...any) {
	e.log.Warn("store: badger warns", "err", strings.TrimSpace(fmt.Sprintf(format, args...)))
}

func (ears) Infof(string, ...any)  {}
func (ears) Debugf(string, ...any) {}
