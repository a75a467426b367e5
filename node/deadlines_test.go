package node

import (
	"slices"
	"testing"
	"time"
)

// A node waits by what is usual, also where it was late to open the epoch, or has not
// opened it at all; longer where this epoch is slower; never longer than the cap.
func TestPatience(t *testing.T) {
	const usual = 20 * time.Millisecond
	for _, c := range []struct{ age, want time.Duration }{
		{usual, patienceParts * usual},
		{0, patienceParts * usual},
		{3 * time.Millisecond, patienceParts * usual * 7 / 8},
		{2 * usual, patienceParts * 2 * usual},
		{time.Second, maxPatience},
	} {
		var p patience
		now := time.Now()
		for e := range uint64(50) {
			p.begin(e, usual, now)
			p.done(e)
		}
		if at := p.next(); !at.IsZero() {
			t.Errorf("epochs that are done are hurried at %v", at)
		}
		p.begin(50, c.age, now)
		if got := p.next().Sub(now); got < c.want || got > c.want+c.want/7 {
			t.Errorf("enough slots are in after %v, usually %v: waits %v, want %v", c.age, usual, got, c.want)
		}
	}
}

// Each wait ends once, at its time.
func TestPatienceEnds(t *testing.T) {
	var p patience
	now := time.Now()
	p.begin(1, 20*time.Millisecond, now)
	p.begin(2, 10*time.Millisecond, now)
	for _, c := range []struct {
		after time.Duration
		want  []uint64
	}{{0, nil}, {59 * time.Millisecond, []uint64{2}}, {61 * time.Millisecond, []uint64{1}}, {time.Hour, nil}} {
		if got := p.over(now.Add(c.after)); !slices.Equal(got, c.want) {
			t.Errorf("after %v, hurried are %v, want %v", c.after, got, c.want)
		}
	}
}
