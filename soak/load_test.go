package soak

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"abad/batch"
	"abad/client"
)

// load is clients that submit one value after the other, each to one node. A
// client whose node is away tries again under the same id until it is answered.
type load struct {
	t    *testing.T
	c    *cluster
	stop func()
	done sync.WaitGroup

	mu     sync.Mutex
	values map[batch.ValueID]string
	acked  map[batch.ValueID]client.Receipt
	news   chan struct{} // capacity 1: one more was acknowledged
}

func (c *cluster) load(perNode int) *load {
	l := &load{t: c.t, c: c, values: map[batch.ValueID]string{}, acked: map[batch.ValueID]client.Receipt{}, news: make(chan struct{}, 1)}
	var stopping context.Context
	stopping, l.stop = context.WithCancel(context.Background())
	for i, d := range c.nodes {
		for w := range perNode {
			l.done.Go(func() {
				for n := 0; stopping.Err() == nil; n++ {
					l.submit(d.client, fmt.Sprintf("node %d, client %d, value %d", i, w, n))
				}
			})
		}
	}
	c.t.Cleanup(l.stop)
	return l
}

func (l *load) submit(node *client.Client, value string) {
	id := client.NewID()
	l.mu.Lock()
	l.values[id] = value
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := node.SubmitID(ctx, id, []byte(value))
	if err != nil {
		l.t.Errorf("%s: %v", value, err)
		l.c.tellStatus()
		l.stop()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[id] = r
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// reach waits until so many values were acknowledged, or until the deadline.
func (l *load) reach(count int, deadline time.Time) {
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	for l.count() < count {
		select {
		case <-l.news:
		case <-late.C:
			return
		}
	}
}

// end stops the clients, once each has its last answer.
func (l *load) end() {
	l.stop()
	l.done.Wait()
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// check looks for every acknowledged value at the place that its receipt says,
// and for no value that nobody has submitted.
func (l *load) check(places map[batch.ValueID]client.Entry) {
	l.t.Helper()
	for id, r := range l.acked {
		e, ok := places[id]
		if !ok {
			l.t.Errorf("%q was acknowledged at %d.%d and is not in the log", l.values[id], r.Block, r.Index)
			continue
		}
		if e.Block != r.Block || e.Index != r.Index {
			l.t.Errorf("%q was acknowledged at %d.%d and is at %s", l.values[id], r.Block, r.Index, e.Position())
		}
	}
	for id, e := range places {
		if want, ok := l.values[id]; ok && want != string(e.Value) {
			l.t.Errorf("value %s is %q in the log, and was submitted as %q", id, e.Value, want)
		}
	}
}
