package net

import (
	"context"
	"time"
)

// watch tells the driver when the peer has fallen silent: nothing has come of it
// although it was told something, which QUIC acknowledges within a round trip. The
// connection ends only much later, by its idle timeout; until then the driver need
// not go on waiting for what the peer would say.
func (l *link) watch() error {
	silence := l.t.conf.Timing.Silence
	tick := time.NewTicker(silence / 2)
	defer tick.Stop()
	ctx := l.conn.Context()
	var w watched
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case now := <-tick.C:
			s := l.conn.ConnectionStats()
			patience := max(silence, 3*s.SmoothedRTT)
			event := Event{From: l.peer.id}
			if event.Kind = w.look(now, patience, s.PacketsReceived, l.peer.count.control.unitsOut.Load()); event.Kind == 0 {
				continue
			}
			if err := l.t.inbox.put(ctx, event, 0); err != nil {
				return err
			}
		}
	}
}

// watched is what was seen of a link at the last look.
type watched struct {
	received uint64    // packets
	told     uint64    // frames that had been sent
	answered uint64    // of these, those sent before a packet came
	since    time.Time // when an unanswered frame was noticed; zero: there is none
	silent   bool
}

// look gives the event to tell, 0 for none.
func (w *watched) look(now time.Time, patience time.Duration, received, told uint64) Kind {
	before := w.told
	w.told = told
	switch {
	case received != w.received:
		w.received, w.answered, w.since = received, before, time.Time{}
		if w.silent {
			w.silent = false
			return PeerHeard
		}
	case told == w.answered || w.silent:
	case w.since.IsZero():
		w.since = now
	case now.Sub(w.since) >= patience:
		w.silent = true
		return PeerSilent
	}
	return 0
}
