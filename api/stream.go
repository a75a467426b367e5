package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"abad/api/wire"
	"abad/node"
)

const (
	// heartbeat keeps proxies and NATs from dropping an idle stream (the shortest
	// common limit is 30 s) and lets a client notice a dead one.
	heartbeat = 15 * time.Second
	// streamHead tells a browser to wait a second before it reconnects.
	streamHead = "retry: 1000\n\n"
	// allPieces is how many pieces all streams together send in a second: each has a
	// system call and a wake-up or two, 20 microseconds, and so all take four percent
	// of a core. Every one of 256 readers then gets something eight times a second;
	// pieces of 64 KiB make 128 MB/s of it.
	allPieces = 2000
	// freeReaders are so few that nobody waits.
	freeReaders = 4
)

// getStream sends every value from a position on as a server-sent event (HTML
// standard, section 9.2), until the client leaves, is too slow, or the server stops.
func (s *Server) getStream(w *reply, r *http.Request) error {
	from, err := streamFrom(r)
	if err != nil {
		return err
	}
	if !s.readers.take(1) {
		return busy("too many readers are on this node's log")
	}
	defer s.readers.give(1)
	if err := sendEvents(w, []byte(streamHead)); err != nil || r.Method == http.MethodHead {
		return nil
	}
	err = s.follow(r.Context(), w, from)
	if r.Context().Err() != nil || errors.Is(err, node.ErrStopped) {
		return nil // gone, or stopping: the stream ends whole either way
	}
	return err
}

// streamFrom is where a stream starts. A browser that reconnects repeats its first
// address, so the last event that it has seen wins.
func streamFrom(r *http.Request) (wire.Position, error) {
	q, err := query(r, "from")
	if err != nil {
		return wire.Position{}, err
	}
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		return parseFrom(q)
	}
	pos, err := wire.ParsePosition(last)
	if err != nil {
		return pos, problemf(http.StatusBadRequest, "the header Last-Event-ID: %q is not a position", short(last)).
			withHint("repeat the id of the last event as it came, like 12.3")
	}
	return pos.Next(), nil
}

// follow sends values until the client has gone or ctx ends.
func (s *Server) follow(ctx context.Context, w *reply, pos wire.Position) error {
	buf := make([]byte, 0, pieceBytes)
	for {
		buf = buf[:0]
		next, err := s.blocks.walk(ctx, pos, func(e wire.Entry) bool {
			if len(buf) > 0 && len(buf)+wire.EntrySize(len(e.Value))+eventAround > pieceBytes {
				return false
			}
			buf = appendEvent(buf, e)
			return true
		})
		if err != nil {
			return err
		}
		if next == pos {
			if buf, err = s.idle(ctx, buf, pos.Block); err != nil {
				return err
			}
		}
		pos = next
		if len(buf) > 0 && sendEvents(w, buf) != nil {
			return nil
		}
		if err := s.pace(ctx); err != nil {
			return err
		}
	}
}

// crowded reports whether there are more readers than go without a wait.
func (s *Server) crowded() bool { return s.readers.used.Load() > freeReaders }

// pace makes a stream wait for its turn when there are many. What comes meanwhile
// leaves in one piece, so that hundreds of readers do not each wake for every block
// and take the processor from the node.
func (s *Server) pace(ctx context.Context) error {
	if !s.crowded() {
		return nil
	}
	timer := time.NewTimer(time.Duration(s.readers.used.Load()) * time.Second / allPieces)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// idle waits for a block, and gives a comment to send when none comes for a while.
func (s *Server) idle(ctx context.Context, buf []byte, height uint64) ([]byte, error) {
	wait, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	err := s.conf.Node.WaitHeight(wait, height)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return append(buf, ":\n\n"...), nil
	}
	return buf, err
}

// eventAround is the most that an event has around its entry.
const eventAround = 64

func appendEvent(buf []byte, e wire.Entry) []byte {
	buf = append(buf, "id: "...)
	buf = e.Position().Append(buf)
	buf = append(buf, "\nevent: value\ndata: "...)
	buf = e.Append(buf)
	return append(buf, "\n\n"...)
}

// sendEvents writes a piece and sees that it leaves.
func sendEvents(w *reply, piece []byte) error {
	if err := send(w, "text/event-stream", piece); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
