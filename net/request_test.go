package net

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"abad/bft"
)

func TestRequest(t *testing.T) {
	c := startCluster(t, 2, func(conf *Config) {
		conf.Limits.MaxBody = 1 << 20
		conf.OnRequest = func(_ context.Context, from bft.ID, kind byte, body []byte) ([]byte, error) {
			switch kind {
			case 1:
				return append([]byte{byte(from)}, body...), nil
			case 2:
				return make([]byte, 1<<20), nil
			case 3:
				return make([]byte, 1<<20+1), nil
			}
			return nil, errors.New("no such thing" + strings.Repeat("!", 300))
		}
	})
	for _, node := range c.nodes {
		node.linksUp(t, 1)
	}
	for _, node := range c.nodes {
		to := 1 - node.conf.Self
		ask := func(kind byte, size, limit int) ([]byte, error) {
			return node.Request(t.Context(), to, kind, make([]byte, size), limit, nil)
		}
		if got, err := ask(1, maxRequest, maxRequest+1); err != nil || !bytes.Equal(got, append([]byte{byte(node.conf.Self)}, make([]byte, maxRequest)...)) {
			t.Errorf("the largest request: %d bytes, %v", len(got), err)
		}
		if got, err := ask(1, 0, 1); err != nil || len(got) != 1 {
			t.Errorf("the smallest: %d bytes, %v", len(got), err)
		}
		if _, err := ask(1, maxRequest+1, maxRequest); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a request over the limit: %v", err)
		}
		if _, err := ask(1, 10, 10); !errors.Is(err, ErrTooLarge) {
			t.Errorf("an answer over the asker's limit: %v", err)
		}
		if got, err := ask(2, 0, 1<<20); err != nil || len(got) != 1<<20 {
			t.Errorf("the largest answer: %d bytes, %v", len(got), err)
		}
		var declined *AnswerError
		if _, err := ask(3, 0, 2<<20); !errors.As(err, &declined) || !strings.Contains(declined.Text, "too large") {
			t.Errorf("an answer over the server's limit: %v", err)
		}
		if _, err := ask(4, 0, 0); !errors.As(err, &declined) || declined.Peer != to || len(declined.Text) != maxText || !strings.HasPrefix(declined.Text, "no such thing!") {
			t.Errorf("an error: %v", err)
		}
		if s := c.nodes[to].Stats().Peers[node.conf.Self]; s.Links != 1 || s.Request.Refused != 2 {
			t.Errorf("stats %+v", s)
		} else if s.Request.BytesOut < 1<<20 {
			t.Errorf("%d bytes of answers", s.Request.BytesOut)
		}
		if s := node.Stats().Peers[to]; s.Request.BytesIn < 1<<20 {
			t.Errorf("%d bytes of answers came", s.Request.BytesIn)
		}
	}
}

func TestRequestEnds(t *testing.T) {
	var running gauge
	entered := make(chan struct{}, 100)
	c := startCluster(t, 2, func(conf *Config) {
		conf.OnRequest = func(ctx context.Context, _ bft.ID, kind byte, _ []byte) ([]byte, error) {
			running.add(1)
			defer running.add(-1)
			entered <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	a := c.nodes[1]
	a.linksUp(t, 1)
	var asking sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	const more = 5
	for range requestStreams + more {
		asking.Go(func() {
			if _, err := a.Request(ctx, 0, 1, nil, 10, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("the asker gave up: %v", err)
			}
		})
	}
	for range requestStreams {
		<-entered
	}
	if len(entered) != 0 {
		t.Error("more are served at once than allowed")
	}
	cancel()
	asking.Wait()
	eventually(t, "the handlers know", func() bool { return running.add(0) == 0 })

	lost := make(chan error)
	go func() {
		_, err := a.Request(t.Context(), 0, 1, nil, 10, nil)
		lost <- err
	}()
	<-entered
	c.nodes[0].stop()
	if err := <-lost; err == nil {
		t.Error("the peer stopped, and an answer came")
	}
	eventually(t, "the link is down", func() bool { return !a.Stats().Peers[0].Up })
	if _, err := a.Request(t.Context(), 0, 1, nil, 10, nil); !errors.Is(err, ErrDown) {
		t.Errorf("of a peer that is down: %v", err)
	}
}

func TestNoHandlers(t *testing.T) {
	c := startCluster(t, 2, nil)
	a := c.nodes[1]
	a.linksUp(t, 1)
	var declined *AnswerError
	if _, err := a.Request(t.Context(), 0, 1, nil, 10, nil); !errors.As(err, &declined) {
		t.Errorf("request: %v", err)
	}
	a.Push(0, nil, func() ([]byte, error) { return []byte("x"), nil })
	eventually(t, "the push is refused", func() bool { return c.nodes[0].Stats().Peers[1].Push.Refused == 1 })
}
