package net

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"abad/bft"
)

// gauge is a number that goes up and down.
type gauge struct{ n atomic.Int64 }

func (g *gauge) add(d int64) int64 { return g.n.Add(d) }

// pushed collects what OnPush was given.
type pushed struct {
	mu  sync.Mutex
	got map[string]string
	bad []error
}

func (p *pushed) handle(_ context.Context, from bft.ID, head []byte, size int64, body io.Reader) error {
	data, err := io.ReadAll(body)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || int64(len(data)) != size {
		p.bad = append(p.bad, fmt.Errorf("%d of %d bytes: %w", len(data), size, err))
		return err
	}
	if p.got == nil {
		p.got = make(map[string]string)
	}
	p.got[fmt.Sprintf("%d %s", from, head)] = string(data)
	return nil
}

func (p *pushed) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

// body gives what came with a head, as "sender head".
func (p *pushed) body(head string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got[head]
}

func TestPush(t *testing.T) {
	var sink pushed
	const limit = 3 << 20
	c := startCluster(t, 3, func(conf *Config) {
		conf.OnPush = sink.handle
		conf.Limits.MaxBody = limit
	})
	for _, node := range c.nodes {
		node.linksUp(t, 2)
	}
	want := make(map[string]string)
	for _, from := range []bft.ID{1, 2} {
		for k, size := range []int{0, 1, 1000, 1 << 20, limit} {
			head := fmt.Sprintf("%d-%d", from, k)
			body := bytes.Repeat([]byte{byte(from), byte(k)}, size/2+1)[:size]
			want[fmt.Sprintf("%d %s", from, head)] = string(body)
			if !c.nodes[from].Push(0, []byte(head), func() ([]byte, error) { return body, nil }) {
				t.Error("dropped")
			}
		}
	}
	eventually(t, "all pushes", func() bool { return sink.len() == len(want) })
	for head, body := range want {
		if got := sink.body(head); got != body {
			t.Errorf("%s: %d bytes, want %d", head, len(got), len(body))
		}
	}
	head := string(make([]byte, MaxHead))
	c.nodes[1].Push(0, []byte(head), func() ([]byte, error) { return nil, nil })
	eventually(t, "the largest head", func() bool { return sink.len() == len(want)+1 })
	defer func() {
		if recover() == nil {
			t.Error("a head over the limit")
		}
	}()
	c.nodes[1].Push(0, make([]byte, MaxHead+1), nil)
}

func TestPushThatCannotBeSent(t *testing.T) {
	var sink pushed
	hold := make(chan struct{})
	c := newCluster(t, 2, func(conf *Config) {
		conf.Limits.PushQueue = 2
		conf.Limits.MaxBody = 100
	})
	conf := c.config(0)
	conf.OnPush = sink.handle
	c.startWith(0, conf)
	a := c.start(1)
	eventually(t, "a link", func() bool { return a.Stats().Peers[0].Up })
	for range pushHandlers {
		a.Push(0, []byte("held"), func() ([]byte, error) { <-hold; return nil, errors.New("no body") })
		eventually(t, "a worker takes it", func() bool { return a.Stats().Peers[0].PushQueue == 0 })
	}
	small := func() ([]byte, error) { return []byte("small"), nil }
	if !a.Push(0, []byte("small"), small) || !a.Push(0, []byte("large"), func() ([]byte, error) { return make([]byte, 101), nil }) {
		t.Error("dropped below the bound")
	}
	if a.Push(0, nil, small) {
		t.Error("queued over the bound")
	}
	close(hold)
	eventually(t, "the small one", func() bool { return sink.len() == 1 })
	eventually(t, "the others are counted", func() bool { return a.Stats().Peers[0].Push.Dropped == pushHandlers+2 })
	c.nodes[0].stop()
	eventually(t, "the link is down", func() bool { return !a.Stats().Peers[0].Up })
	if a.Push(0, nil, small) {
		t.Error("queued for a peer that is down")
	}
}

// A handler that does not want a push ends that stream and nothing else.
func TestPushRefused(t *testing.T) {
	c := startCluster(t, 2, func(conf *Config) {
		conf.OnPush = func(context.Context, bft.ID, []byte, int64, io.Reader) error { return errors.New("no") }
	})
	a := c.nodes[1]
	a.linksUp(t, 1)
	const pushes = 20 // many times the streams there are
	for range pushes {
		a.Push(0, nil, func() ([]byte, error) { return make([]byte, 8<<20), nil })
	}
	eventually(t, "all are refused", func() bool { return c.nodes[0].Stats().Peers[1].Push.Refused == pushes })
	if s := c.nodes[0].Stats().Peers[1]; s.Links != 1 || s.Violations != 0 {
		t.Errorf("stats %+v", s)
	}
}
