package net

import (
	"testing"
	"time"

	"abad/bft"
)

func TestLook(t *testing.T) {
	var w watched
	start := time.Now()
	for i, step := range []struct {
		after          time.Duration
		received, told uint64
		want           Kind
	}{
		{0, 1, 1, 0},
		{1, 2, 1, 0},
		{10, 2, 1, 0}, // an idle link is not silent, however long
		{20, 2, 2, 0}, // something was said now
		{21, 3, 2, 0}, // and answered
		{30, 3, 3, 0},
		{31, 3, 9, 0},
		{32, 3, 9, PeerSilent},
		{60, 3, 99, 0}, // once
		{61, 4, 99, PeerHeard},
		{62, 5, 99, 0},
		{90, 5, 99, 0},
		{91, 5, 100, 0},
		{93, 5, 100, PeerSilent},
	} {
		got := w.look(start.Add(step.after*time.Second), 2*time.Second, step.received, step.told)
		if got != step.want {
			t.Errorf("look %d: %v, want %v", i, got, step.want)
		}
	}
}

// A peer that is there but says nothing is told of long before its connection ends,
// and so is that it speaks again.
func TestSilence(t *testing.T) {
	c := newCluster(t, 2, func(conf *Config) { conf.Timing.Silence = 20 * time.Millisecond })
	mute := c.startMute(0)
	node := c.start(1)
	node.linksUp(t, 1)
	mute.set(true)
	node.Send(Outgoing{Epoch: 1, To: bft.ID(0), Msg: []byte("hello")})
	node.until(t, "silence", func(e Event) bool { return e.Kind == PeerSilent })
	mute.set(false)
	node.until(t, "a sound", func(e Event) bool { return e.Kind == PeerHeard })
}
