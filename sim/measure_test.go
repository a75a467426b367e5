package sim

import "testing"

// The counts of an epoch in lock-step: three message delays with everybody up,
// four with f nodes down, and every batch is sent to every node once.
func TestCost(t *testing.T) {
	for _, c := range []struct{ nodes, down, delays int }{{4, 0, 3}, {4, 1, 4}, {16, 0, 3}, {16, 5, 4}} {
		cost, err := Measure(c.nodes, c.down, 3)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", cost)
		if cost.Delays != c.delays || cost.Payload != 1 {
			t.Errorf("%d nodes, %d down: %d delays and %.2f of the payload, want %d and 1", c.nodes, c.down, cost.Delays, cost.Payload, c.delays)
		}
	}
}

// BenchmarkCost gives the exact counts of the documentation's table.
func BenchmarkCost(b *testing.B) {
	for _, c := range []struct {
		name        string
		nodes, down int
	}{{"n=4", 4, 0}, {"n=4 down=1", 4, 1}, {"n=16", 16, 0}, {"n=16 down=5", 16, 5}, {"n=64", 64, 0}, {"n=64 down=21", 64, 21}} {
		b.Run(c.name, func(b *testing.B) {
			var cost Cost
			for b.Loop() {
				var err error
				if cost, err = Measure(c.nodes, c.down, 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cost.Delays), "delays")
			b.ReportMetric(cost.Messages, "messages/epoch")
			b.ReportMetric(cost.Frames, "frames/epoch")
			b.ReportMetric(cost.Bytes, "bytes/epoch")
			b.ReportMetric(cost.Payload, "payload/receiver")
		})
	}
}
