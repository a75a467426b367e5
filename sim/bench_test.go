package sim

import (
	"runtime/debug"
	"testing"
)

// BenchmarkSeed4 is one full seed: 4 nodes, one of them faulty, 10 epochs, with
// everything else drawn. The target is 200 per second on one core.
func BenchmarkSeed4(b *testing.B) {
	b.ReportAllocs()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does
	seed, steps, blocks := uint64(0), 0, uint64(0)
	var runner Runner
	for b.Loop() {
		o := Defaults(seed)
		o.Nodes, o.Faulty, o.Epochs = 4, 1, 10
		r, err := runner.Run(o)
		if err != nil || r.Failure != nil {
			b.Fatal(err, r.Failure)
		}
		seed, steps, blocks = seed+1, steps+r.Steps, blocks+r.Blocks
	}
	b.ReportMetric(float64(seed)/b.Elapsed().Seconds(), "seeds/s")
	b.ReportMetric(float64(steps)/float64(seed), "events/seed")
	b.ReportMetric(float64(blocks)/float64(seed), "blocks/seed")
}
