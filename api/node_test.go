package api_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/net"
	"abad/net/nettest"
	"abad/node"
)

// single is a real node that is alone.
func single(t testing.TB) *node.Node {
	t.Helper()
	group, secrets, err := coin.Deal(1, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := coin.NewKey(group, secrets[0])
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New(node.Config{
		First: true, Cluster: bft.Sum([]byte(t.Name())), Era: 1, NodeKey: private, CoinKey: key,
		Peers: []net.Peer{{Key: public, Addr: nettest.FreeAddrs(t, 1)[0]}}, Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n
}

// The whole way over real parts: socket, node, disk and back.
func TestRealNode(t *testing.T) {
	n := single(t)
	url, _ := apitest.Serve(t, api.Config{Node: api.Of(n)})
	get := func(path string) []byte {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %s %s %v", path, resp.Status, body, err)
		}
		return body
	}
	for i := range 20 {
		if err := post(http.DefaultClient, url+"/v1/values", fmt.Sprint("value ", i)); err != nil {
			t.Fatal(err)
		}
	}
	page := decode[wire.Page](t, get("/v1/log?limit=100"))
	if len(page.Values) != 20 || !page.End() || string(page.Values[7].Value) != "value 7" {
		t.Fatalf("%+v", page)
	}
	last := page.Values[19]
	block := decode[wire.Block](t, get(fmt.Sprint("/v1/blocks/", last.Block)))
	if block.Values != last.Index+1 || len(block.Batches) == 0 {
		t.Errorf("%+v", block)
	}
	if st := decode[wire.Status](t, get("/v1/status")); st.Height < last.Block || !st.Ready || st.Nodes != 1 || len(st.Peers) != 0 {
		t.Errorf("%+v", st)
	}
	get("/readyz")
	if ticket, err := api.Of(n).Enqueue(time.Now(), batch.Value{}); ticket != nil || err == nil {
		t.Errorf("an empty value: %v, %v", ticket, err)
	}

	for _, c := range []struct {
		body   string
		status int
	}{
		{string(last.Value), 200}, // known: the same receipt
		{"another", 409},
		{"", 422},
		{strings.Repeat("x", 1<<20+1), 413},
	} {
		req, _ := http.NewRequest("POST", url+"/v1/values", strings.NewReader(c.body))
		req.Header.Set("Idempotency-Key", last.ID.String())
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%.10q: %s %s", c.body, resp.Status, body)
		}
		if c.status == 200 {
			if r := decode[wire.Receipt](t, body); r.Block != last.Block || r.Index != last.Index {
				t.Errorf("%+v, want %+v", r, last.Position())
			}
		}
	}
}
