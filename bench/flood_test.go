package bench_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/bench"
	"abad/client"
)

// A flood gets its refusals, leaves others alone, and ends without a trace.
func TestFlood(t *testing.T) {
	url, _ := apitest.Serve(t, api.Config{Node: apitest.New(), Limits: api.Limits{Readers: 8}})
	c, err := client.New(client.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Submit(t.Context(), []byte("before")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	f := bench.Flood{Addr: strings.TrimPrefix(url, "http://"), Streams: 50, Slow: 3, Halves: 3, Headers: 3, Pages: 3, Statuses: 3}
	count := f.Run(ctx, func() {
		if _, err := c.Submit(ctx, []byte("during")); err != nil {
			t.Error(err)
		}
		cancel()
	})
	if count.Refused < 50-8 || count.Errors > 0 || count.Open < 50 {
		t.Errorf("%v", count)
	}
	if st, err := c.Status(t.Context()); err != nil || st.Height != 2 {
		t.Error(st, err)
	}
}
