package net

import (
	"bytes"
	"context"
	"io"
	"testing"

	"abad/bft"
)

// A vote there and a vote back, between two nodes on the loopback interface.
func BenchmarkRoundTrip(b *testing.B) {
	c := startCluster(b, 2, nil)
	a, z := c.nodes[1], c.nodes[0]
	a.linksUp(b, 1)
	z.linksUp(b, 1)
	vote := bytes.Repeat([]byte{1}, 60)
	epoch := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		epoch++
		for _, node := range []*testNode{a, z} {
			node.SetPosition(Position{Committed: epoch, Certified: epoch - 1})
			node.Release(epoch - 1)
			to := 1 - node.conf.Self
			node.Send(Outgoing{Epoch: epoch, To: to, Msg: vote})
			c.nodes[to].until(b, "the vote", func(e Event) bool { return len(e.Msgs) == 1 })
		}
	}
}

// What one node can push to each of its peers: a quarter of a MiB, to 1 and to 3.
func BenchmarkPush(b *testing.B) {
	for _, peers := range []int{1, 3} {
		b.Run(map[int]string{1: "to1", 3: "to3"}[peers], func(b *testing.B) {
			const size = 256 << 10
			done := make(chan struct{}, 1<<16)
			c := startCluster(b, peers+1, func(conf *Config) {
				conf.OnPush = func(_ context.Context, _ bft.ID, _ []byte, size int64, body io.Reader) error {
					data := make([]byte, size)
					_, err := io.ReadFull(body, data)
					done <- struct{}{}
					return err
				}
			})
			from := c.nodes[peers]
			from.linksUp(b, peers)
			body := make([]byte, size)
			load := func() ([]byte, error) { return body, nil }
			b.SetBytes(size * int64(peers))
			b.ReportAllocs()
			inFlight := 0
			for b.Loop() {
				for id := range bft.ID(peers) {
					if !from.Push(id, nil, load) {
						b.Fatal("dropped")
					}
					inFlight++
				}
				for ; inFlight > 8*peers; inFlight-- {
					<-done
				}
			}
			for ; inFlight > 0; inFlight-- {
				<-done
			}
		})
	}
}

// A pulled batch of a quarter of a MiB, one after the other.
func BenchmarkRequest(b *testing.B) {
	answer := make([]byte, 256<<10)
	c := startCluster(b, 2, func(conf *Config) {
		conf.OnRequest = func(context.Context, bft.ID, byte, []byte) ([]byte, error) { return answer, nil }
	})
	a := c.nodes[1]
	a.linksUp(b, 1)
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Request(b.Context(), 0, 1, make([]byte, 32), len(answer), nil); err != nil {
			b.Fatal(err)
		}
	}
}
