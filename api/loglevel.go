package api

import (
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"abad/api/wire"
)

// maxLevel is room for {"level": "debug"} with generous white space.
const maxLevel = 1 << 10

var levels = []string{"debug", "info", "warn", "error"}

func (s *Server) getLevel(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	answer(w, http.StatusOK, wire.LogLevel{Level: strings.ToLower(s.conf.Level.Level().String())})
	return nil
}

// putLevel changes what the node logs from now on, until it is started again.
func (s *Server) putLevel(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	const hint = `send {"level": "debug"}, or info, warn or error`
	over := problemf(http.StatusRequestEntityTooLarge, "the level is over %d bytes", maxLevel).withHint(hint)
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLevel))
	if err != nil {
		return cutOff(err, over)
	}
	var in wire.LogLevel
	if err := unmarshal(data, &in); err != nil || !slices.Contains(levels, in.Level) {
		return problemf(http.StatusBadRequest, "the body is not a level: %q", short(string(data))).withHint(hint)
	}
	was := s.conf.Level.Level()
	var level slog.Level
	if err := level.UnmarshalText([]byte(in.Level)); err != nil {
		return err
	}
	s.conf.Level.Set(min(level, slog.LevelInfo)) // so that the next line is seen
	s.log.Info("log level changed", "from", was.String(), "to", level.String(), "request", w.id, "token", w.who)
	s.conf.Level.Set(level)
	return s.getLevel(w, r)
}
