package main

import (
	"fmt"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"abad/bench"
)

// bar shows how far a run is, on a terminal.
func (l *lab) bar(name string) (tell func(done, rate float64), finish func()) {
	if !colourful(l.errs) {
		return nil, func() {}
	}
	const steps = 1000
	var mu sync.Mutex
	var now float64
	p := mpb.New(mpb.WithOutput(l.errs), mpb.WithWidth(50))
	bar := p.AddBar(steps, mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.Percentage(), decor.Any(func(decor.Statistics) string {
			mu.Lock()
			defer mu.Unlock()
			return fmt.Sprintf("  %.0f values/s", now)
		})))
	return func(done, rate float64) {
			mu.Lock()
			now = rate
			mu.Unlock()
			bar.SetCurrent(int64(done * steps))
		}, func() {
			bar.Abort(true)
			p.Wait()
		}
}

func (l *lab) print(s bench.Scenario, results []bench.Result) error {
	for _, r := range results {
		load := "saturation"
		switch {
		case s.Idle:
			load = "idle"
		case s.Alone:
			load = "one value at a time"
		case r.Rate > 0:
			load = fmt.Sprintf("%g values/s", r.Rate)
		}
		fmt.Fprintf(l.out, "%s: %d nodes, values of %d bytes, %s, %g s\n", s.Name, r.Nodes, r.Size, load, r.Seconds)
		if err := r.Print(l.out); err != nil {
			return err
		}
	}
	return nil
}
