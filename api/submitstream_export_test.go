package api

import (
	"context"
	"io"
	"time"
)

const StreamFlight = streamFlight

// ServeValues serves a stream of submissions without a connection.
func (s *Server) ServeValues(ctx context.Context, body io.Reader) (answers []byte, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	st := newValueStream(s, cancel, body, func(time.Time) error { return nil })
	err = st.run(ctx, func(piece []byte) error {
		answers = append(answers, piece...)
		return nil
	})
	return answers, err
}
