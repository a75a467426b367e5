package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"abad/api/apitest"
	"abad/api/wire"
	"abad/batch"
	"abad/client"
)

// Over four real nodes: a value goes through, and who looks on sees its block, the
// votes that made it, all links, and that its proof holds.
func TestWatch(t *testing.T) {
	cluster := apitest.StartCluster(t, 4, nil)
	c, err := client.New(client.Config{URL: cluster.URLs[0]})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := c.Epochs(ctx)
	if err != nil || e.Last != nil || e.Open == nil || e.Thresholds != (wire.Thresholds{Echo: 3, Deliver: 3, Wait: 3}) {
		t.Fatalf("%+v, %v", e, err)
	}
	receipt, err := cluster.Nodes[0].Submit(ctx, batch.Value{ID: batch.ValueID{7}, Payload: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	place := client.Position{Block: receipt.Block, Index: receipt.Index}

	a, err := c.Activity(ctx)
	if err != nil || len(a.Blocks) == 0 || len(a.Seconds) == 0 || len(a.Proposers) != 4 || a.Time.IsZero() {
		t.Fatalf("%+v, %v", a, err)
	}
	accepted := 0
	for _, p := range a.Proposers {
		accepted += p.Accepted
		if p.Blocks != len(a.Blocks) || p.Accepted > p.Blocks {
			t.Errorf("%+v of %d blocks", p, len(a.Blocks))
		}
	}
	if accepted < 2*len(a.Blocks) { // n-2f slots at least
		t.Errorf("%d slots accepted in %d blocks", accepted, len(a.Blocks))
	}
	for i := range byte(255) { // a block that the node was told of, not decided, leaves no picture
		if e, err = c.Epochs(ctx); err != nil {
			t.Fatal(err)
		}
		if e.Last != nil {
			break
		}
		if _, err := cluster.Nodes[0].Submit(ctx, batch.Value{ID: batch.ValueID{8, i}, Payload: []byte("more")}); err != nil {
			t.Fatal(err)
		}
	}
	if e.Last == nil {
		t.Fatal("no picture of an epoch that is over")
	}
	votes := 0
	for _, s := range e.Last.Slots {
		votes += len(s.Echo) + len(s.Ready)
		if s.Echo == nil || s.Ready == nil || s.Aux == nil {
			t.Errorf("%+v", s)
		}
	}
	if len(e.Last.Slots) != 4 || votes == 0 {
		t.Errorf("%+v", e.Last)
	}
	for {
		l, err := c.Links(ctx)
		if err != nil || len(l.Views) != 4 {
			t.Fatalf("%+v, %v", l, err)
		}
		if v := l.Views[2]; v.Error == "" && v.Links[1].Up && v.Links[1].RTT > 0 && v.Links[1].Faults == 0 {
			break
		}
	}
	if err := cluster.Nodes[0].WaitCertificate(ctx, receipt.Block); err != nil {
		t.Fatal(err)
	}
	check, err := c.Check(ctx, place)
	if err != nil || !check.Valid || check.Error != "" || string(check.Value) != "hello" || check.ID != (batch.ValueID{7}) || len(check.Key) != 192 || check.Bytes == 0 {
		t.Errorf("%+v, %v", check, err)
	}
	for _, wrong := range []client.Position{{Block: receipt.Block, Index: 1 << 40}, {Block: 1 << 40}, {}} {
		var refused *client.Error
		if _, err := c.Check(ctx, wrong); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// A node that answers for another value is not believed.
func TestCheckOfAnotherValue(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewEncoder(w).Encode(wire.Check{Entry: wire.Entry{Block: 3}, Valid: true}); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	c, err := client.New(client.Config{URL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Check(t.Context(), client.Position{Block: 4}); !errors.Is(err, client.ErrProtocol) || !strings.Contains(err.Error(), "4.0") {
		t.Error(err)
	}
}
