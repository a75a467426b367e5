package coin

import (
	"fmt"
	"testing"
)

// Thresholds of clusters of 4, 16 and 64 nodes.
var thresholds = []int{2, 6, 22}

func BenchmarkSign(b *testing.B) {
	key := deal(b, 1, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		key.Sign([]byte("message"))
	}
}

func BenchmarkVerify(b *testing.B) {
	key := deal(b, 1, 1)[0]
	sig := key.Sign([]byte("message"))
	b.ReportAllocs()
	for b.Loop() {
		if err := key.Verify([]byte("message"), sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyShare(b *testing.B) {
	keys := deal(b, 4, 2)
	sig := keys[1].Sign([]byte("message"))
	b.ReportAllocs()
	for b.Loop() {
		if err := keys[0].VerifyShare(1, []byte("message"), sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCombine(b *testing.B) {
	for _, threshold := range thresholds {
		n := 3*threshold - 2
		keys := deal(b, n, threshold)
		msg := []byte("message")
		var from []int
		for i := range threshold {
			from = append(from, 3*i) // spread over the roster
		}
		shares := sign(keys, msg, from...)
		b.Run(fmt.Sprintf("threshold=%d", threshold), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := keys[0].Combine(msg, shares); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkShareKeys is what the first share of each node costs when it has to
// be checked alone.
func BenchmarkShareKeys(b *testing.B) {
	for _, threshold := range thresholds {
		n := 3*threshold - 2
		group := deal(b, n, threshold)[0].Group()
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			for b.Loop() {
				fresh := newGroup(n, group.commitments)
				for _, key := range fresh.shareKeys {
					key()
				}
			}
		})
	}
}
