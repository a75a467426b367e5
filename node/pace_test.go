package node

import (
	"testing"
	"time"

	"abad/bft"
)

func TestPace(t *testing.T) {
	ms := time.Millisecond
	for took, want := range map[time.Duration]time.Duration{
		0: minRest, 2 * ms: 3 * ms, 14 * ms: 20 * ms, 100 * ms: 20 * ms, 160 * ms: 20 * ms, 800 * ms: 100 * ms,
	} {
		p := pace{took: took}
		if got := p.rest(); got != want {
			t.Errorf("epochs of %v: rest %v, want %v", took, got, want)
		}
	}
}

// What the network does not explain makes rests longer, up to a bound.
func TestPaceOfBusyProcessors(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct{ took, trip, want time.Duration }{
		{20 * ms, 0, 20 * ms},
		{30 * ms, 0, 20 * ms},
		{40 * ms, ms, 36 * ms},
		{50 * ms, 0, 60 * ms},
		{90 * ms, 0, 80 * ms},
		{210 * ms, 100 * ms, 210 * ms / 8},
		{240 * ms, 100 * ms, 40 * ms},
		{190 * ms, 100 * ms, 190 * ms / 8},
		{2000 * ms, 100 * ms, 250 * ms},
	} {
		var p pace
		p.observe(c.took, c.trip)
		if got := p.rest(); got != c.want {
			t.Errorf("epochs of %v with round trips of %v: rest %v, want %v", c.took, c.trip, got, c.want)
		}
	}
}

// Neither the f slowest peers count nor those beyond a quorum, in whatever order they come.
func TestQuorumTrip(t *testing.T) {
	four, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	one, err := bft.NewQuorum(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q     bft.Quorum
		trips []time.Duration
		want  time.Duration
	}{
		{four, []time.Duration{900, 1, 5}, 5},
		{four, []time.Duration{7, 2}, 7},
		{four, []time.Duration{7}, 0},
		{four, nil, 0},
		{one, nil, 0},
	} {
		if got := quorumTrip(c.q, c.trips); got != c.want {
			t.Errorf("of %v: %v, want %v", c.trips, got, c.want)
		}
	}
}

func TestPaceRestsOnce(t *testing.T) {
	var p pace
	now := time.Now()
	if p.over(now) {
		t.Error("a rest is over that has not begun")
	}
	p.observe(20*time.Millisecond, 0)
	if rest := p.opened(now, 0); rest != 20*time.Millisecond {
		t.Errorf("a rest of %v", rest)
	}
	if p.over(now.Add(19 * time.Millisecond)) {
		t.Error("the rest is over early")
	}
	if end := now.Add(20 * time.Millisecond); !p.over(end) || p.over(end) {
		t.Error("the end of the rest is not told once")
	}
}

// Times that grow and shrink are followed, a single one hardly.
func TestPaceSmooths(t *testing.T) {
	var p pace
	p.observe(10*time.Millisecond, 0)
	p.observe(90*time.Millisecond, 0)
	if p.took != 20*time.Millisecond {
		t.Errorf("after one outlier: %v", p.took)
	}
	for range 100 {
		p.observe(90*time.Millisecond, 0)
	}
	if p.took < 89*time.Millisecond {
		t.Errorf("after a hundred: %v", p.took)
	}
}
