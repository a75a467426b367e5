package flp

import (
	"fmt"
	"runtime"
	"testing"
)

// What one node keeps per round, in bytes: the state of an instance grows as long as
// it is undecided, because old votes are relayed until it halts.
func BenchmarkRound(b *testing.B) {
	for _, n := range []int{4, 13} {
		b.Run(fmt.Sprint("n=", n), func(b *testing.B) {
			b.ReportAllocs()
			w, err := newWorld(Config{Nodes: n, Liars: (n - 1) / 3, Coin: None}, true)
			if err != nil {
				b.Fatal(err)
			}
			if err := w.input(); err != nil {
				b.Fatal(err)
			}
			before := heap()
			for r := range uint32(b.N) {
				w.play(r)
			}
			b.ReportMetric(float64(heap()-before)/float64(b.N*len(w.nodes)), "bytes/round/node")
			runtime.KeepAlive(w)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
