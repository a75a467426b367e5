package node

import (
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abad/batch"
)

// BenchmarkSaturation measures how many values of 250 bytes four nodes in one
// process decide when clients give them all they take: b.N values, in MB/s of
// payload.
func BenchmarkSaturation(b *testing.B) {
	c := newCluster(b, 4)
	c.startAll()
	if _, err := c.nodes[0].Submit(within(b), value(0)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(250)
	b.ReportAllocs()
	b.ResetTimer()
	var given atomic.Int64
	var wg sync.WaitGroup
	for _, n := range c.nodes {
		wg.Go(func() {
			var waiting []*Ticket // oldest first
			settle := func() {
				if _, err := waiting[0].Wait(within(b), 0); err != nil {
					b.Error(err)
				}
				waiting = waiting[1:]
			}
			for given.Add(1) <= int64(b.N) && !b.Failed() {
				v := batch.Value{Payload: make([]byte, 250)}
				rand.Read(v.ID[:])
				t, err := n.Enqueue(time.Now(), v)
				for ; errors.Is(err, ErrBusy); t, err = n.Enqueue(time.Now(), v) {
					settle()
				}
				if err != nil {
					b.Error(err)
					return
				}
				waiting = append(waiting, t)
			}
			for len(waiting) > 0 && !b.Failed() {
				settle()
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(c.nodes[0].Height()), "blocks")
}
