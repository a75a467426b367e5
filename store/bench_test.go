package store

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abad/bft"
)

// BenchmarkAppend is what a tick of the node pays: 20 votes of 100 bytes, on
// disk. With more writers than one, syncs per append show how many were shared.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			var commits atomic.Int64
			s := open(b, b.TempDir(), Options{BeforeWrite: func() error { commits.Add(1); return nil }})
			b.ReportAllocs()
			b.ResetTimer()
			spread(writers, b.N, func(_, i int) {
				if err := s.Append(votes(uint64(i / 1000))); err != nil {
					b.Error(err)
				}
			})
			b.ReportMetric(float64(commits.Load())/float64(b.N), "commits/op")
		})
	}
}

func votes(epoch uint64) []Record {
	records := make([]Record, 20)
	for i := range records {
		records[i] = Record{epoch, make([]byte, 100)}
	}
	return records
}

// BenchmarkPutBatch is what a byte of payload pays.
func BenchmarkPutBatch(b *testing.B) {
	for _, size := range []int{4 << 10, 256 << 10, 1 << 20} {
		for _, writers := range []int{1, 4} {
			b.Run(fmt.Sprintf("size=%dKiB/writers=%d", size>>10, writers), func(b *testing.B) {
				s := open(b, b.TempDir(), Options{})
				data := make([][]byte, writers)
				for w := range data {
					data[w] = make([]byte, size)
				}
				b.ReportAllocs()
				b.SetBytes(int64(size))
				b.ResetTimer()
				spread(writers, b.N, func(w, i int) {
					var d bft.Hash
					binary.BigEndian.PutUint64(d[:], uint64(i))
					if err := s.PutBatch(d, 0, data[w]); err != nil {
						b.Error(err)
					}
				})
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/B")
			})
		}
	}
}

// BenchmarkAppendBesideBatches shows how long a vote waits behind payload: 1 MiB
// batches as fast as the disk takes them, or at a rate of MB/s that links can
// bring.
func BenchmarkAppendBesideBatches(b *testing.B) {
	for _, rate := range []int{0, 20, 60} {
		b.Run(fmt.Sprintf("MBps=%d", rate), func(b *testing.B) {
			s := open(b, b.TempDir(), Options{})
			stop := make(chan struct{})
			var writer sync.WaitGroup
			var bytes atomic.Int64
			writer.Go(func() { bytes.Store(int64(putBatches(b, s, rate, stop))) })
			took := make([]time.Duration, b.N)
			b.ResetTimer()
			for i := range took {
				began := time.Now()
				if err := s.Append(votes(uint64(i / 1000))); err != nil {
					b.Fatal(err)
				}
				took[i] = time.Since(began)
			}
			b.StopTimer()
			close(stop)
			writer.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[b.N/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[b.N*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(bytes.Load())/1e6/b.Elapsed().Seconds(), "MB/s-beside")
		})
	}
}

// putBatches puts 1 MiB batches until stop, at the given rate, and returns the
// bytes.
func putBatches(b *testing.B, s *Store, mbps int, stop chan struct{}) (bytes int) {
	pace := time.NewTicker(time.Millisecond)
	if mbps > 0 {
		pace.Reset(time.Second / time.Duration(mbps))
	}
	defer pace.Stop()
	data := make([]byte, 1<<20)
	for i := 0; ; i++ {
		if mbps > 0 {
			<-pace.C
		}
		select {
		case <-stop:
			return bytes
		default:
		}
		var d bft.Hash
		binary.BigEndian.PutUint64(d[:], uint64(i))
		if err := s.PutBatch(d, 0, data); err != nil {
			b.Error(err)
			return bytes
		}
		bytes += len(data)
	}
}

// BenchmarkHasBatch asks for a batch that is not here, beside a writer.
func BenchmarkHasBatch(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { putBatches(b, s, 0, stop) })
	b.ReportAllocs()
	for b.Loop() {
		if has, err := s.HasBatch(bft.Hash{0xff}); has || err != nil {
			b.Fatal(has, err)
		}
	}
	close(stop)
	writer.Wait()
}

// spread calls do n times from several goroutines.
func spread(writers, n int, do func(writer, i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(w, i)
			}
		})
	}
	all.Wait()
}
