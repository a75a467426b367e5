package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/batch"
	"abad/client"
	"abad/net/nettest"
)

// nowhere is an address at which nothing listens.
func nowhere(t *testing.T) string {
	t.Helper()
	return "http://" + nettest.FreeAddrs(t, 1)[0]
}

func several(t *testing.T, first string, others ...string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: first, Others: others, Attempts: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A value that one node took before it went is sent to the next under its id, and is
// in the log once.
func TestFailOverUnderOneID(t *testing.T) {
	log := apitest.New() // what two nodes of a cluster have in common
	log.Hold()
	first, stop := apitest.Serve(t, api.Config{Node: log})
	second, _ := apitest.Serve(t, api.Config{Node: log})
	c := several(t, first, second)
	id := client.NewID()
	type result struct {
		receipt client.Receipt
		err     error
	}
	done := make(chan result, 1)
	go func() {
		receipt, err := c.SubmitID(t.Context(), id, []byte("hello"))
		done <- result{receipt, err}
	}()
	await(t, "the first node has it", func() bool { return log.Queued() == 1 })
	stop()
	await(t, "it was sent again", func() bool { return log.Asked() >= 2 })
	log.Commit()
	r := <-done
	if r.err != nil || r.receipt.ID != id {
		t.Fatal(r)
	}
	count := 0
	for e, err := range c.Log(t.Context(), client.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.ID == id {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d times in the log", count)
	}
}

// Everything that all nodes have is read from those that are there, and the client
// stays with one that answers.
func TestFailOverOfReads(t *testing.T) {
	log := apitest.New()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	c := several(t, nowhere(t), nowhere(t), url)
	if _, err := c.Submit(t.Context(), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if st, err := several(t, nowhere(t), url).Status(t.Context()); err != nil || st.Height != 1 {
		t.Error(st, err)
	}
	if b, err := several(t, nowhere(t), url).Block(t.Context(), 1); err != nil || b.Values != 1 {
		t.Error(b, err)
	}
	for e, err := range several(t, nowhere(t), url).Stream(t.Context(), client.Position{}) {
		if err != nil || string(e.Value) != "hello" {
			t.Error(e, err)
		}
		break
	}
	// A refusal is about the request, and no other node is asked.
	var refused *client.Error
	if _, err := c.Block(t.Context(), 5); !errors.As(err, &refused) || refused.Status != 404 {
		t.Error(err)
	}
	if _, err := c.SubmitID(t.Context(), batch.ValueID{}, nil); !errors.As(err, &refused) || refused.Status != 422 {
		t.Error(err)
	}
	// Nobody there: an error, after every node was asked as often as it should be.
	if _, err := several(t, nowhere(t), nowhere(t)).Status(t.Context()); !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
	if _, err := several(t, nowhere(t), nowhere(t)).Submit(t.Context(), []byte("x")); !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
}

// A stream goes on at another node, without a gap and without a repetition.
func TestStreamFailsOver(t *testing.T) {
	log := apitest.New()
	first, stop := apitest.Serve(t, api.Config{Node: log})
	second, _ := apitest.Serve(t, api.Config{Node: log})
	c := several(t, first, second)
	submit := func(text string) {
		if _, err := c.Submit(t.Context(), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	submit("0")
	got := ""
	for e, err := range c.Stream(t.Context(), client.Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		got += string(e.Value)
		switch got {
		case "0":
			submit("1")
		case "01":
			stop()
			submit("2")
		case "012":
			return
		}
		if len(got) > 3 {
			t.Fatal(got)
		}
	}
}

// A vote is one node's own: it goes to no other, whatever happens.
func TestVotesDoNotFailOver(t *testing.T) {
	asked := make(chan string, 10)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked <- r.URL.Path })}
	go srv.Serve(ln)
	defer srv.Close()
	c := several(t, nowhere(t), "http://"+ln.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _ = c.Block(ctx, 1) // which the other is asked for, and answers badly
	if len(asked) != 1 || <-asked != "/v1/blocks/1" {
		t.Fatal("the client has not turned to the other node")
	}
	if _, err := c.Vote(ctx, "attack", true); !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
	if _, err := c.Propose(ctx, "when", []byte("dawn")); !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
	if err := c.SetLogLevel(ctx, "debug"); !errors.Is(err, client.ErrUnreachable) {
		t.Error(err)
	}
	if len(asked) > 0 {
		t.Errorf("another node was asked for %s", <-asked)
	}
}

// A token goes over https, or stays on this machine.
func TestTokenStaysHome(t *testing.T) {
	for url, ok := range map[string]bool{
		"http://127.0.0.1:7500": true, "http://localhost:7500": true, "http://[::1]:7500": true, "https://node0.example.org:7500": true,
		"http://node0.example.org:7500": false, "http://10.0.0.1:7500": false, "http://localhost.evil.example": false,
	} {
		if _, err := client.New(client.Config{URL: url, Token: "abad_x"}); ok != (err == nil) {
			t.Errorf("%s: %v", url, err)
		}
		if _, err := client.New(client.Config{URL: "http://127.0.0.1:1", Others: []string{url}, Token: "abad_x"}); ok != (err == nil) {
			t.Errorf("then %s: %v", url, err)
		}
	}
	if _, err := client.New(client.Config{URL: "https://a", Token: "a\nb"}); err == nil {
		t.Error("a token with a line feed")
	}
}

// await waits until something has come to be.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
