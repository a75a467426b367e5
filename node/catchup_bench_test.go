package node

import (
	"context"
	"fmt"
	"testing"

	"abad/batch"
	"abad/bft"
	"abad/net"
)

// BenchmarkCatchUp is a new, empty node that fetches the whole log from two
// others; ABAD_BLOCKS=100000 is the case of a long life. With large blocks its
// MB/s are to be compared with those of [BenchmarkRawTransfer].
func BenchmarkCatchUp(b *testing.B) {
	for _, shape := range []struct{ blocks, size int }{
		{sizeFromEnv(b, "ABAD_BLOCKS", 10_000), 100},
		{200, 1 << 20},
	} {
		b.Run(fmt.Sprintf("%dx%d", shape.blocks, shape.size), func(b *testing.B) {
			c := newCluster(b, 3)
			f := c.forge(shape.blocks, shape.size)
			for i := range 2 {
				c.give(i, f)
				c.start(i)
			}
			b.SetBytes(int64(shape.blocks) * int64(len(f.data[0])))
			b.ResetTimer()
			for range b.N {
				c.confs[2].Dir = b.TempDir()
				c.start(2)
				if err := c.nodes[2].WaitCertificate(context.Background(), uint64(shape.blocks)); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				c.kill(2)
				b.StartTimer()
			}
			b.ReportMetric(float64(shape.blocks)*float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
		})
	}
}

// BenchmarkRawTransfer is the links alone: 200 requests with an answer of the
// same size, four at a time, without disk or signature.
func BenchmarkRawTransfer(b *testing.B) {
	const requests, size = 200, 1<<20 + 1<<6
	c := newCluster(b, 3)
	var links []*net.Transport
	body := make([]byte, size)
	for i := range 2 {
		t, err := net.New(net.Config{
			Self: bft.ID(i), Key: c.confs[i].NodeKey, Peers: c.confs[i].Peers, Cluster: c.confs[i].Cluster, Era: 1,
			OnRequest: func(context.Context, bft.ID, byte, []byte) ([]byte, error) { return body, nil },
		})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- t.Run(ctx) }()
		b.Cleanup(func() { cancel(); <-done })
		links = append(links, t)
	}
	for {
		<-links[1].Inbox().Ready()
		if e, ok := links[1].Inbox().Take(); ok && e.Kind == net.LinkUp {
			break
		}
	}
	b.SetBytes(requests * size)
	b.ResetTimer()
	for range b.N {
		each(requests, 4, func(int) {
			if _, err := links[1].Request(context.Background(), 0, askBatch, nil, batch.MaxSize, nil); err != nil {
				b.Error(err)
			}
		})
	}
}

// BenchmarkRestart is a node with 10,000 blocks in its store, from its start to
// taking part again: a value of its own is in a block.
func BenchmarkRestart(b *testing.B) {
	c := newCluster(b, 3)
	f := c.forge(sizeFromEnv(b, "ABAD_BLOCKS", 10_000), 100)
	for i := range 3 {
		c.give(i, f)
		c.start(i)
	}
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		c.kill(2)
		b.StartTimer()
		c.start(2)
		if _, err := c.nodes[2].Submit(context.Background(), value(1_000_000+i)); err != nil {
			b.Fatal(err)
		}
	}
}
