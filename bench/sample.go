package bench

import (
	"context"
	"sync"
	"time"

	"abad/client"
)

// samplePeriod is how often nodes are asked for their counters.
const samplePeriod = 250 * time.Millisecond

// sampler asks the nodes for their counters during a run. A node that has died
// counts with the last that it said.
type sampler struct {
	clients []*client.Client

	mu          sync.Mutex
	first, last []client.Stats // by node; Time is zero where there was no answer
	rss         []int64        // the most
	slots       int
	rounds      int
	err         error // of the last node that did not answer
}

func newSampler(clients []*client.Client) *sampler {
	n := len(clients)
	return &sampler{clients: clients, first: make([]client.Stats, n), last: make([]client.Stats, n), rss: make([]int64, n)}
}

// round asks all nodes at once.
func (s *sampler) round(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i, c := range s.clients {
		all.Go(func() {
			st, err := c.Stats(ctx)
			s.mu.Lock()
			defer s.mu.Unlock()
			if err != nil {
				s.err = err
				return
			}
			if s.first[i].Time.IsZero() {
				s.first[i] = st
			}
			s.last[i] = st
			s.rss[i] = max(s.rss[i], st.RSS)
			s.slots += st.Slots
			s.rounds += st.Rounds
		})
	}
	all.Wait()
}

// run asks until ctx ends.
func (s *sampler) run(ctx context.Context) {
	for pause(ctx, samplePeriod) == nil {
		s.round(ctx)
	}
}

// total is what the nodes did between their first and last samples.
type total struct {
	seconds                          float64 // of the node that answered longest
	blocks, coins                    uint64  // blocks is the mean over the nodes
	frames, messages                 uint64
	wire, control, request           uint64 // bytes; wire is all that QUIC sent
	cpu                              int64
	allocations, allocated           uint64
	rssMean, rssMost                 float64 // bytes
	roundsPerSlot                    float64
	nodes                            int
	transactionsPerSecond, cpuPerSec float64
}

func (s *sampler) total() total {
	s.mu.Lock()
	defer s.mu.Unlock()
	var t total
	for i, a := range s.first {
		b := s.last[i]
		took := b.Time.Sub(a.Time).Seconds()
		if a.Time.IsZero() || took <= 0 {
			continue
		}
		t.nodes++
		t.seconds = max(t.seconds, took)
		t.blocks = max(t.blocks, b.Height-a.Height)
		t.coins += b.Coins - a.Coins
		t.frames += b.Control.Out - a.Control.Out
		t.messages += b.MessagesOut - a.MessagesOut
		t.control += b.Control.BytesOut - a.Control.BytesOut
		t.wire += b.Wire.BytesOut - a.Wire.BytesOut
		t.request += b.Request.BytesOut - a.Request.BytesOut
		t.cpu += b.CPU - a.CPU
		t.allocations += b.Allocations - a.Allocations
		t.allocated += b.Allocated - a.Allocated
		t.transactionsPerSecond += float64(b.Transactions-a.Transactions) / took
		t.cpuPerSec += float64(b.CPU-a.CPU) / took
		t.rssMean += float64(s.rss[i])
		t.rssMost = max(t.rssMost, float64(s.rss[i]))
	}
	if t.nodes > 0 {
		t.rssMean /= float64(t.nodes)
		t.transactionsPerSecond /= float64(t.nodes)
		t.cpuPerSec /= float64(t.nodes)
	}
	if s.slots > 0 {
		t.roundsPerSlot = float64(s.rounds) / float64(s.slots)
	}
	return t
}
