package node

import (
	"testing"
	"time"
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

func TestPaceRestsOnce(t *testing.T) {
	var p pace
	now := time.Now()
	if p.over(now) {
		t.Error("a rest is over that has not begun")
	}
	p.observe(20 * time.Millisecond)
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
	p.observe(10 * time.Millisecond)
	p.observe(90 * time.Millisecond)
	if p.took != 20*time.Millisecond {
		t.Errorf("after one outlier: %v", p.took)
	}
	for range 100 {
		p.observe(90 * time.Millisecond)
	}
	if p.took < 89*time.Millisecond {
		t.Errorf("after a hundred: %v", p.took)
	}
}
