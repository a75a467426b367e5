package node

import (
	"testing"
	"time"

	"abad/bft"
)

// Nodes that begin up to a rest apart come together on links of any length, whatever
// one of four says, and then stay.
func TestPhase(t *testing.T) {
	const rest = 30 * time.Millisecond
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	honest := func(at time.Time, _ int) time.Time { return at }
	for name, c := range map[string]struct {
		delay time.Duration
		heard func(at time.Time, by int) time.Time // what node 3's openings look like
	}{
		"no delay":          {0, honest},
		"a rest of delay":   {rest, honest},
		"two rests":         {2 * rest, honest},
		"one is early":      {rest, func(at time.Time, _ int) time.Time { return at.Add(-time.Hour) }},
		"one is late":       {rest, func(at time.Time, _ int) time.Time { return at.Add(time.Hour) }},
		"one is two-faced":  {rest, func(at time.Time, by int) time.Time { return at.Add(time.Duration(2*(by%2)-1) * rest) }},
		"one is never seen": {rest, func(time.Time, int) time.Time { return time.Time{} }},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			var nodes [4]phase
			next := [4]time.Time{start, start.Add(rest / 3), start.Add(rest / 2), start.Add(rest)}
			for i := range nodes {
				nodes[i].peers = make([]opening, 4)
			}
			const epochs = 100
			var opened [epochs + 1][4]time.Time
			for e := uint64(1); e <= epochs; e++ {
				for i := range nodes {
					for past := uint64(1); past <= e; past++ {
						for j, at := range opened[past] {
							if j == i || at.IsZero() || at.Add(c.delay).After(next[i]) {
								continue
							}
							if j == 3 {
								if at = c.heard(at, i); at.IsZero() {
									continue
								}
							}
							nodes[i].heard(bft.ID(j), past, at)
						}
					}
				}
				now := next
				for i := range nodes {
					next[i] = now[i].Add(rest + nodes[i].opened(q, e, now[i], rest))
					if d := next[i].Sub(now[i]); d < rest*2/3 || d > rest*4/3 {
						t.Fatalf("epoch %d: node %d waits %v", e, i, d)
					}
				}
				opened[e] = now
				if e < epochs/2 {
					continue
				}
				first, last := now[0], now[0]
				for _, at := range now[:3] {
					if at.Before(first) {
						first = at
					}
					if at.After(last) {
						last = at
					}
				}
				if apart := last.Sub(first); apart > rest/8 {
					t.Fatalf("epoch %d is opened %v apart", e, apart)
				}
			}
		})
	}
}

// A peer that speaks of an epoch far ahead, or that was not heard of for long, does no harm.
func TestPhaseOfOthers(t *testing.T) {
	const rest = 30 * time.Millisecond
	q, err := bft.NewQuorum(1)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for what, c := range map[string]struct {
		peer opening
		want time.Duration
	}{
		"never heard":  {opening{}, 0},
		"long ago":     {opening{5, now.Add(-time.Minute)}, 0},
		"a little off": {opening{100, now.Add(6 * time.Millisecond)}, time.Millisecond},
		"far ahead":    {opening{1 << 60, now}, -rest / phaseGain},
		"a future one": {opening{100, now.Add(time.Hour)}, rest / phaseGain},
	} {
		p := phase{peers: []opening{{}, c.peer}}
		if got := p.opened(q, 100, now, rest); got != c.want {
			t.Errorf("%s: %v longer, want %v", what, got, c.want)
		}
	}
}
