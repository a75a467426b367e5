package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"abad/api"
	"abad/api/wire"
	"abad/batch"
	"abad/bft"
	"abad/ledger"
)

// fill puts blocks of so many values each into the log; a value's payload is its
// position, padded to size.
func (s *served) fill(size int, values ...int) {
	s.t.Helper()
	s.log.Hold()
	for _, count := range values {
		h := s.log.Height() + 1
		for i := range count {
			text := fmt.Sprintf("%d.%d", h, i)
			v := batch.Value{Payload: []byte(text + strings.Repeat(" ", max(0, size-len(text))))}
			copy(v.ID[:], text)
			if _, err := s.log.Enqueue(time.Now(), v); err != nil {
				s.t.Fatal(err)
			}
		}
		s.log.Commit()
	}
}

func (s *served) page(query string) wire.Page {
	s.t.Helper()
	w := s.call("GET", "/v1/log"+query, "")
	s.want(w, 200, "")
	return decode[wire.Page](s.t, w.Body.Bytes())
}

func places(p wire.Page) string {
	var list []string
	for _, e := range p.Values {
		list = append(list, e.Position().String())
		if strings.TrimSpace(string(e.Value)) != e.Position().String() {
			return fmt.Sprintf("%s has the value %.20q", e.Position(), e.Value)
		}
	}
	return strings.Join(list, " ")
}

func TestPages(t *testing.T) {
	s := serve(t, nil)
	s.fill(0, 2, 0, 3, 1)
	all := "1.0 1.1 3.0 3.1 3.2 4.0"
	for _, c := range []struct {
		query, places, next string
		end                 bool
	}{
		{"", all, "5.0", true},
		{"?from=0", all, "5.0", true},
		{"?from=1.0", all, "5.0", true},
		{"?from=1.1", "1.1 3.0 3.1 3.2 4.0", "5.0", true},
		{"?from=1.2", "3.0 3.1 3.2 4.0", "5.0", true}, // past the block's end is the next block
		{"?from=2", "3.0 3.1 3.2 4.0", "5.0", true},
		{"?from=3.1&limit=1", "3.1", "3.2", false}, // pages end inside blocks too
		{"?from=3.2&limit=1", "3.2", "4.0", false},
		{"?limit=2", "1.0 1.1", "3.0", false},
		{"?limit=6", all, "5.0", true},
		{"?limit=99999999", all, "5.0", true},
		{"?from=5", "", "5.0", true},
		{"?from=1000.7", "", "1000.7", true},
		{"?from=18446744073709551615.18446744073709551615", "", "18446744073709551615.18446744073709551615", true},
		{"?from=4.18446744073709551615", "", "5.0", true},
	} {
		p := s.page(c.query)
		if places(p) != c.places || p.Next.String() != c.next || p.Height != 4 || p.End() != c.end {
			t.Errorf("%s: %s, next %s, height %d", c.query, places(p), p.Next, p.Height)
		}
	}
	if empty := serve(t, nil).page(""); places(empty) != "" || empty.Next.String() != "1.0" || !empty.End() {
		t.Errorf("empty log: %+v", empty)
	}
}

func TestBadReads(t *testing.T) {
	s := serve(t, nil)
	s.fill(0, 1)
	for path, text := range map[string]string{
		"/v1/log?from=x":                              "from=x",
		"/v1/log?from=":                               "from=",
		"/v1/log?from=-1":                             "12.3",
		"/v1/log?from=1.":                             "12.3",
		"/v1/log?from=1.2.3":                          "12.3",
		"/v1/log?from=18446744073709551616":           "12.3",
		"/v1/log?from=%2B1":                           "12.3",
		"/v1/log?limit=0":                             "limit=0",
		"/v1/log?limit=-1":                            "limit=-1",
		"/v1/log?limit=x":                             "limit=x",
		"/v1/log?form=1":                              `"form"`,
		"/v1/log/stream?from=x":                       "from=x",
		"/v1/log/stream?limit=1":                      `"limit"`,
		"/v1/blocks/x":                                `"x"`,
		"/v1/blocks/-1":                               "height",
		"/v1/blocks/1.0":                              "height",
		"/v1/blocks/18446744073709551616":             "height",
		"/v1/blocks/1?x=y":                            "none",
		"/v1/status?x=y":                              `"x"`,
		"/v1/blocks/" + strings.Repeat("9", 1000):     "...",
		"/v1/log?from=" + strings.Repeat("9", 1000):   "...",
		"/v1/log?" + strings.Repeat("a", 1000) + "=1": "...",
	} {
		s.want(s.call("GET", path, ""), 400, text)
	}
	s.want(s.call("GET", "/v1/blocks/0", ""), 404, "from 1 to 1")
	s.want(s.call("GET", "/v1/blocks/2", ""), 404, "no block 2")
	s.want(s.call("GET", "/v1/log/stream", "", "Last-Event-ID", "x"), 400, "Last-Event-ID")
}

// Bounds of a page, at the limit and one past it.
func TestPageBounds(t *testing.T) {
	s := serve(t, nil)
	s.fill(0, api.MaxPageValues+1)
	p := s.page("?limit=100000")
	if len(p.Values) != api.MaxPageValues || p.Next.String() != "1.10000" || p.End() {
		t.Errorf("%d values, next %s", len(p.Values), p.Next)
	}
	if p := s.page(""); len(p.Values) != 1000 {
		t.Errorf("%d values by default", len(p.Values))
	}

	s = serve(t, nil)
	s.fill(100_000, 100)
	pos, count := wire.Position{Block: 1}, 0
	for {
		w := s.call("GET", "/v1/log?limit=10000&from="+pos.String(), "")
		if w.Body.Len() > api.PageBytes+100 {
			t.Fatalf("a page of %d bytes", w.Body.Len())
		}
		p := decode[wire.Page](t, w.Body.Bytes())
		if len(p.Values) == 0 {
			t.Fatal("no progress")
		}
		count += len(p.Values)
		if pos = p.Next; p.End() {
			break
		}
	}
	if count != 100 {
		t.Errorf("%d values of 100", count)
	}

	s = serve(t, nil)
	s.log.SetMaxValue(8 << 20)
	s.fill(6<<20, 2) // each alone is more than a page
	if p := s.page(""); places(p) != "1.0" || p.Next.String() != "1.1" {
		t.Errorf("large values: %d, next %s", len(p.Values), p.Next)
	}
}

// Many empty blocks end a page, which has then no values and is not the end.
func TestEmptyBlocks(t *testing.T) {
	s := serve(t, nil)
	s.fill(0, make([]int, api.Scanned+1)...)
	s.fill(0, 1)
	p := s.page("")
	if len(p.Values) != 0 || p.Next.Block != api.Scanned+1 || p.End() {
		t.Errorf("%+v", p)
	}
	if p = s.page("?from=" + p.Next.String()); places(p) != fmt.Sprintf("%d.0", api.Scanned+2) || !p.End() {
		t.Errorf("%+v", p)
	}
}

// Reading the whole log leaves little of it in memory.
func TestBlocksKept(t *testing.T) {
	s := serve(t, nil)
	s.log.SetMaxValue(8 << 20)
	s.fill(8<<20, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	for i := 1; i <= 10; i++ {
		s.call("GET", fmt.Sprint("/v1/log?limit=1&from=", i), "")
	}
	if count, size := s.srv.Kept(); count > 8 || size > 64<<20 {
		t.Errorf("%d blocks, %d bytes", count, size)
	}
	s.fill(0, make([]int, 1100)...)
	s.page("?from=10")
	s.page("?from=1000")
	if count, _ := s.srv.Kept(); count > 1024 || count < 1000 {
		t.Errorf("%d blocks", count)
	}
}

// gated is a node that reads a block when it may.
type gated struct {
	api.Node
	reads chan chan struct{}
}

func (g gated) Values(height uint64) ([]batch.Value, error) {
	gate := make(chan struct{})
	g.reads <- gate
	<-gate
	return g.Node.Values(height)
}

// Readers who want the same block at the same time have it read once.
func TestOneReadForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gated{reads: make(chan chan struct{})}
		s := serve(t, func(c *api.Config) { g.Node = c.Node; c.Node = g })
		s.fill(0, 3)
		answers := make(chan *httptest.ResponseRecorder, 5)
		for range 5 {
			go func() { answers <- s.call("GET", "/v1/log", "") }()
		}
		gate := <-g.reads
		synctest.Wait()
		close(gate)
		for range 5 {
			if w := <-answers; w.Code != 200 || places(decode[wire.Page](t, w.Body.Bytes())) != "1.0 1.1 1.2" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
	})
}

func TestBlock(t *testing.T) {
	s := serve(t, nil)
	s.fill(0, 2, 3)
	b, err := s.log.Block(2)
	if err != nil {
		t.Fatal(err)
	}
	w := s.call("GET", "/v1/blocks/2", "")
	s.want(w, 200, "")
	got := decode[wire.Block](t, w.Body.Bytes())
	if got.Certificate != nil || strings.Contains(w.Body.String(), "certificate") {
		t.Error("a certificate before there is one")
	}
	// A reader can make the hash out of the document.
	header := ledger.BlockHeader{
		Version: got.Version, Cluster: got.Cluster, Era: got.Era, Epoch: got.Height, Previous: got.Previous, Time: got.Time,
		Accepted: got.Accepted, Root: got.Root, Values: got.Values, Roster: got.Roster,
	}
	if got.Hash != b.Hash() || header.Hash() != b.Hash() || got.Values != 3 || got.Height != 2 {
		t.Errorf("%+v", got)
	}
	if len(got.Batches) != 1 || got.Batches[0] != (wire.Batch{Digest: b.Batches[0].Digest, Total: 3, Values: 3}) {
		t.Errorf("batches %+v", got.Batches)
	}

	s.log.Certify(2, ledger.Certificate{Block: []byte{1, 2}, Beacon: []byte("abc")})
	got = decode[wire.Block](t, s.call("GET", "/v1/blocks/2", "").Body.Bytes())
	want := wire.Certificate{
		Block: "0102", Beacon: "616263",
		Randomness: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // FIPS 180, SHA-256 of "abc"
	}
	if got.Certificate == nil || *got.Certificate != want {
		t.Errorf("certificate %+v", got.Certificate)
	}
	w = s.call("HEAD", "/v1/blocks/2", "")
	if w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestStatus(t *testing.T) {
	s := serve(t, nil)
	s.fill(0, 1)
	w := s.call("GET", "/v1/status", "")
	s.want(w, 200, "")
	got := decode[wire.Status](t, w.Body.Bytes())
	b, _ := s.log.Block(1)
	if got.Height != 1 || got.Hash != b.Hash() || !got.Ready || got.Nodes != 4 || got.Faulty != 1 || got.MaxValue != batch.MaxValue ||
		got.Cluster != bft.Sum([]byte("apitest")) || len(got.Open) != 1 || got.Open[0] != (wire.Epoch{Epoch: 2, Decided: 2}) {
		t.Errorf("%+v", got)
	}
	if len(got.Peers) != 3 || got.Peers[0] != (wire.Peer{Node: 1, Up: true, Height: 3, Certified: 2, Addr: "127.0.0.1:7401", RTT: 1.5}) ||
		got.Peers[2].Error != "no answer" || got.Peers[2].Up {
		t.Errorf("peers %+v", got.Peers)
	}
	var m struct {
		Node, Height *int
		Hash         *string
		Ready        *bool
		Peers        []struct {
			Node, Height *int
			Up           *bool
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || m.Node == nil || m.Height == nil || m.Hash == nil || m.Ready == nil ||
		m.Peers[0].Node == nil || m.Peers[0].Up == nil || m.Peers[0].Height == nil {
		t.Errorf("%v %s", err, w.Body)
	}
	s.log.Stop()
	s.want(s.call("GET", "/v1/status", ""), 503, "stopping")
}

func TestHealthAndReadiness(t *testing.T) {
	s := serve(t, nil)
	s.want(s.call("GET", "/healthz", ""), 200, "")
	w := s.call("GET", "/readyz?verbose", "") // as orchestrators ask
	s.want(w, 200, "")
	checks := []wire.ReadyCheck{
		{Name: "driver", OK: true, Text: "the node answers"}, {Name: "memory", OK: true}, {Name: "caught_up", OK: true},
	}
	if r := decode[wire.Ready](t, w.Body.Bytes()); !r.Ready || !slices.Equal(r.Checks, checks) || r.Error != nil {
		t.Errorf("%+v", r)
	}
	s.log.SetReady(false)
	w = s.call("GET", "/readyz", "")
	s.want(w, 503, "not ready: 7 blocks behind")
	checks[2] = wire.ReadyCheck{Name: "caught_up", Text: "7 blocks behind"}
	if r := decode[wire.Ready](t, w.Body.Bytes()); r.Ready || !slices.Equal(r.Checks, checks) || r.Hint == "" || r.RequestID == "" {
		t.Errorf("%s", w.Body)
	}
	s.log.SetSilent(8)
	s.want(s.call("GET", "/readyz", ""), 503, "stays silent; 7 blocks behind")
	if st := decode[wire.Status](t, s.call("GET", "/v1/status", "").Body.Bytes()); st.Silent != 8 || st.Ready {
		t.Errorf("%+v", st)
	}
	s.want(s.call("GET", "/healthz", ""), 200, "")
	s.log.Stop()
	w = s.call("GET", "/readyz", "")
	s.want(w, 503, "stopping")
	if r := decode[wire.Ready](t, w.Body.Bytes()); r.Ready || len(r.Checks) != 1 || r.Checks[0].OK || r.Checks[0].Name != "driver" {
		t.Errorf("%s", w.Body)
	}
	s.want(s.call("GET", "/healthz", ""), 200, "")
}
