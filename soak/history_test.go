package soak

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"abad/batch"
	"abad/client"
)

// history is what clients saw, in their own time.
type history struct {
	t     *testing.T
	began time.Time

	mu      sync.Mutex
	submits []*submitted
	reads   []read
}

// submitted is a value, and what became of it.
type submitted struct {
	node       int
	id         batch.ValueID
	value      string
	call, back int64 // back 0: never answered
	receipt    client.Receipt
	barrier    *read // the log up to the value, read at once
}

// read is a log as a node gave it.
type read struct {
	node       int
	call, back int64
	entries    []client.Entry
}

func (h *history) now() int64 { return int64(time.Since(h.began)) }

// submit gives the value to a node and, as often as not, the same value under the
// same id once more, to another one at the same time.
func (h *history) submit(ctx context.Context, c *cluster, node int, r *rand.Rand, text string) *submitted {
	s := &submitted{node: node, id: client.NewID(), value: text}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(1+r.IntN(3000))*time.Millisecond) // some give up
	defer cancel()
	h.mu.Lock()
	h.submits = append(h.submits, s)
	h.mu.Unlock()
	s.call = h.now()
	var twin sync.WaitGroup
	if other := r.IntN(8); other < 4 {
		twin.Go(func() { c.nodes[other].client.SubmitID(ctx, s.id, []byte(text)) })
	}
	receipt, err := c.nodes[node].client.SubmitID(ctx, s.id, []byte(text))
	back := h.now()
	twin.Wait()
	if err != nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.receipt, s.back = receipt, back
	return s
}

// readLog reads what a node has, up to a block; nil: it cannot be read now.
func (h *history) readLog(ctx context.Context, c *cluster, node int, upTo uint64) *read {
	r := &read{node: node, call: h.now()}
	for e, err := range c.nodes[node].client.Log(ctx, client.Position{}) {
		if err != nil {
			return nil
		}
		if e.Block > upTo {
			break
		}
		r.entries = append(r.entries, e)
	}
	r.back = h.now()
	return r
}

// client submits and reads at one node until ctx ends.
func (h *history) client(ctx context.Context, c *cluster, node, number int) {
	r := rand.New(rand.NewPCG(uint64(node), uint64(number)))
	for n := 0; ctx.Err() == nil; n++ {
		s := h.submit(ctx, c, node, r, fmt.Sprintf("node %d, client %d, value %d", node, number, n))
		switch r.IntN(3) {
		case 0:
			if got := h.readLog(ctx, c, node, math.MaxUint64); got != nil {
				h.mu.Lock()
				h.reads = append(h.reads, *got)
				h.mu.Unlock()
			}
		case 1:
			if s == nil || s.receipt.Ahead { // the node does not have it yet, and says so
				continue
			}
			if got := h.readLog(ctx, c, node, s.receipt.Block); got != nil {
				for i, e := range got.entries {
					if e.ID == s.id {
						got.entries = got.entries[:i+1]
						break
					}
				}
				h.mu.Lock()
				s.barrier = got
				h.mu.Unlock()
			}
		}
	}
}

// operations turns the history into the model's, with the final log. What the
// model does not know, it checks itself: that every read is a beginning of the
// log, and that a receipt names the value's place.
func (h *history) operations(log []client.Entry) (list []porcupine.Operation) {
	h.t.Helper()
	place := map[batch.ValueID]int{}
	for i, e := range log {
		place[e.ID] = i
	}
	for _, s := range h.submits {
		at, there := place[s.id]
		switch {
		case !there && s.back != 0:
			h.t.Errorf("%q was acknowledged at %d.%d and is not in the log", s.value, s.receipt.Block, s.receipt.Index)
		case !there:
			// Nobody knows of it, and it changes nothing.
		case s.back == 0:
			list = append(list, porcupine.Operation{ClientId: s.node, Input: input{appended, -1}, Call: s.call, Output: at, Return: math.MaxInt64})
		default:
			if e := log[at]; e.Block != s.receipt.Block || e.Index != s.receipt.Index || string(e.Value) != s.value {
				h.t.Errorf("%q was acknowledged at %d.%d; %q is at %s", s.value, s.receipt.Block, s.receipt.Index, e.Value, e.Position())
			}
			list = append(list, op(appended, s.node, s.call, s.back, at))
			if !s.receipt.Ahead {
				list = append(list, op(confirmed, s.node, s.back, s.back, at+1))
			}
			if s.barrier != nil {
				h.beginning(*s.barrier, log)
				if len(s.barrier.entries) != at+1 {
					h.t.Errorf("a read up to %q, which is value %d, gives %d values", s.value, at, len(s.barrier.entries))
				}
			}
		}
	}
	for _, r := range h.reads {
		h.beginning(r, log)
		list = append(list, op(local, r.node, r.call, r.back, len(r.entries)))
	}
	return list
}

// beginning checks that a read is the log up to some value.
func (h *history) beginning(r read, log []client.Entry) {
	h.t.Helper()
	if len(r.entries) > len(log) {
		h.t.Errorf("node %d gave %d values, and the log has %d", r.node, len(r.entries), len(log))
		return
	}
	for i, e := range r.entries {
		if !sameEntry(e, log[i]) {
			h.t.Errorf("node %d gave %s %s as value %d, and the log has %s %s", r.node, e.Position(), e.ID, i, log[i].Position(), log[i].ID)
			return
		}
	}
}

// trouble kills nodes and cuts links, mostly so that a quorum is left, until ctx
// ends; then it mends everything.
func (c *cluster) trouble(ctx context.Context, links *relays) (kills, cuts int) {
	r := rand.New(rand.NewPCG(3, uint64(time.Now().UnixNano())))
	tick := time.NewTicker(400 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			for i := range c.nodes {
				for j := range i {
					links.set(j, i, false)
				}
			}
			return kills, cuts
		case <-tick.C:
		}
		switch i, j := r.IntN(4), r.IntN(4); {
		case r.IntN(2) == 0:
			c.kill(i)
			c.start(i)
			kills++
		case i != j:
			cut := r.IntN(3) > 0
			links.set(i, j, cut)
			cuts++
		}
	}
}

// Clients at all nodes submit, submit again under the same id and at other nodes,
// and read, while nodes are killed and links cut. What they saw is a history of
// one append-only log; the same history, doctored, is not.
func TestHistory(t *testing.T) {
	c := newCluster(t, 4)
	links := c.relay()
	c.startAll()
	c.ready(c.all()...)
	h := &history{t: t, began: time.Now()}
	ctx, cancel := context.WithTimeout(context.Background(), length(t, 8*time.Second))
	defer cancel()
	var clients sync.WaitGroup
	for node := range 4 {
		for number := range 2 {
			clients.Go(func() { h.client(ctx, c, node, number) })
		}
	}
	kills, cuts := c.trouble(ctx, links)
	clients.Wait()
	c.ready(c.all()...)
	end := &submitted{id: client.NewID(), value: "the last one", call: h.now()}
	last, err := c.nodes[0].client.SubmitID(within(t), end.id, []byte(end.value))
	if err != nil {
		t.Fatal(err)
	}
	end.back, end.receipt = h.now(), last
	h.submits = append(h.submits, end)
	log := c.logUpTo(0, last.Block)
	for i := 1; i < 4; i++ {
		h.beginning(read{node: i, entries: c.logUpTo(i, last.Block)}, log)
	}
	c.noFaults()
	list := h.operations(log)
	if got := porcupine.CheckOperationsTimeout(logModel, list, patience); got != porcupine.Ok {
		t.Fatalf("%d operations are not a history of one log: %v", len(list), got)
	}
	h.control(list)
	t.Logf("%d kills, %d links cut or mended; %d submissions, %d reads, %d values in the log",
		kills, cuts, len(h.submits), len(h.reads), len(log))
}

// control doctors the history: two acknowledged values, the one submitted after the
// other was acknowledged, change places.
func (h *history) control(list []porcupine.Operation) {
	h.t.Helper()
	for i, a := range list {
		for j, b := range list {
			if a.Input.(input).kind == appended && b.Input.(input).kind == appended && a.Return < b.Call {
				list[i].Output, list[j].Output = b.Output, a.Output
				if porcupine.CheckOperationsTimeout(logModel, list, patience) != porcupine.Illegal {
					h.t.Error("the checker accepts a history in which two values have changed places")
				}
				list[i].Output, list[j].Output = a.Output, b.Output
				return
			}
		}
	}
	h.t.Error("no two submissions came one after the other")
}
