package node

import (
	"log/slog"
	"sync"
	"time"
)

// progressPause is how often at most a catch-up is logged.
const progressPause = 10 * time.Second

// progress tells how a catch-up goes on. The zero value is ready.
type progress struct {
	mu    sync.Mutex
	began time.Time // zero: there is none
	first uint64    // height then
	said  time.Time // zero: nothing was logged of this one
	speed float64   // blocks per second since it began
}

// note takes the height and what there is to reach.
func (p *progress) note(log *slog.Logger, height, most uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.began.IsZero() {
		p.began, p.first = now, height
		return
	}
	if passed := now.Sub(p.began).Seconds(); passed > 0 {
		p.speed = float64(height-p.first) / passed
	}
	if now.Sub(p.began) < progressPause || now.Sub(p.said) < progressPause {
		return
	}
	p.said = now
	log.Info("catching up", "height", height, "of", most, "blocks_per_second", int(p.speed),
		"left", p.left(height, most).Round(time.Second))
}

// done notes that the last block that peers offered is here, or that none gives
// further ones now.
func (p *progress) done(log *slog.Logger, height, most uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if height < most {
		return // it goes on
	}
	if !p.said.IsZero() {
		log.Info("caught up", "height", height, "blocks", height-p.first, "took", time.Since(p.began).Round(time.Second))
	}
	p.began, p.said, p.speed = time.Time{}, time.Time{}, 0
}

// eta estimates how long the catch-up will take; 0: there is none, or nobody knows.
func (p *progress) eta(height, most uint64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left(height, most)
}

func (p *progress) left(height, most uint64) time.Duration {
	if p.speed <= 0 || most <= height {
		return 0
	}
	return time.Duration(float64(most-height) / p.speed * float64(time.Second))
}
