package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
	"abad/bft"
	"abad/client"
	"abad/coin"
	"abad/coin/cointest"
	"abad/decision"
	"abad/node"
)

// lonely is node 0 of a cluster whose other nodes never say a word: everything
// stays open.
type lonely struct {
	mu      sync.Mutex
	machine *decision.Machine
	waits   chan struct{} // one for every WaitDecision that begins
}

func newLonely(t *testing.T) *lonely {
	t.Helper()
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	m := decision.New(decision.Config{Quorum: q, Signer: cointest.Signers(4, 2, 1)[0]})
	if _, err := m.Input(decision.Resume{}); err != nil {
		t.Fatal(err)
	}
	return &lonely{machine: m, waits: make(chan struct{}, 10)}
}

func (l *lonely) input(in decision.In) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	step, err := l.machine.Input(in)
	for _, e := range step.Send {
		l.machine.Handle(0, e.Msg)
	}
	return err
}

func (l *lonely) Vote(_ context.Context, name string, v bool) error {
	return l.input(decision.Vote{Name: name, Value: v})
}

func (l *lonely) PruneDecision(_ context.Context, name string) error {
	return l.input(decision.Prune{Name: name})
}

func (l *lonely) Decision(_ context.Context, name string) (decision.Status, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st, ok := l.machine.Lookup(name)
	if !ok {
		return st, decision.ErrUnknown
	}
	return st, nil
}

func (l *lonely) WaitDecision(ctx context.Context, name string) (decision.Status, error) {
	l.waits <- struct{}{}
	<-ctx.Done()
	return decision.Status{}, context.Cause(ctx)
}

func (l *lonely) Decisions(_ context.Context, from, limit int) ([]decision.Status, int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, total := l.machine.List(from, limit)
	return list, total, nil
}

func (l *lonely) Status(context.Context) (node.Status, error) {
	return node.Status{Nodes: 4, Faulty: 1}, nil
}
func (l *lonely) PublicKey() []byte { return make([]byte, coin.KeySize) }

func serveLonely(t *testing.T) (*served, *lonely) {
	l := newLonely(t)
	return serve(t, func(c *api.Config) { c.Decisions = l }), l
}

const (
	yes = `{"vote": true}`
	no  = `{"vote": false}`
)

func TestVote(t *testing.T) {
	s, _ := serveLonely(t)
	w := s.call("POST", "/v1/decisions/move", yes)
	s.want(w, 200, "")
	d := decode[wire.Decision](t, w.Body.Bytes())
	if d.Name != "move" || d.State != "waiting" || d.Vote == nil || !*d.Vote || d.Votes != 1 || d.Needed != 3 || d.Value != nil || d.Proof != nil {
		t.Errorf("%+v", d)
	}
	s.want(s.call("POST", "/v1/decisions/move", yes), 200, "")
	s.want(s.call("POST", "/v1/decisions/move", no), 409, `this node has voted yes on "move"`)
	s.want(s.call("GET", "/v1/decisions/move", ""), 200, "")
	s.want(s.call("GET", "/v1/decisions/move?wait=1ms", ""), 200, "")
	s.want(s.call("GET", "/v1/decisions/stay", ""), 404, `no decision "stay"`)
	s.want(s.call("GET", "/v1/decisions/stay?wait=1ms", ""), 404, "a vote opens it")
	s.want(s.call("DELETE", "/v1/decisions/stay", ""), 404, "no decision")
	s.want(s.call("DELETE", "/v1/decisions/move", ""), 409, "not made and certified")
}

func TestVoteRefusals(t *testing.T) {
	s, _ := serveLonely(t)
	for body, text := range map[string]string{
		"":                             "not a vote",
		"yes":                          "not a vote",
		"{}":                           "not a vote",
		`{"vote": null}`:               "not a vote",
		`{"vote": 1}`:                  "not a vote",
		`{"vote": true}{}`:             "not a vote",
		`{"vote": true, "weight": 2}`:  "not a vote",
		`{"vote": true, "\xff": false`: "not a vote",
	} {
		s.want(s.call("POST", "/v1/decisions/x", body), 400, text)
	}
	s.want(s.call("POST", "/v1/decisions/x", yes+strings.Repeat(" ", 1024)), 413, "1024 bytes")
	s.want(s.call("POST", "/v1/decisions/x", yes+strings.Repeat(" ", 1024-len(yes))), 200, "")
	for _, name := range []string{strings.Repeat("x", decision.MaxName+1), "a%0Ab", "%FF"} {
		for _, method := range []string{"POST", "GET", "DELETE"} {
			s.want(s.call(method, "/v1/decisions/"+name, yes), 400, "no decision can be named")
		}
	}
	s.want(s.call("POST", "/v1/decisions/"+strings.Repeat("x", decision.MaxName), yes), 200, "")
	for _, query := range []string{"?wait=now", "?wait=-1s", "?wait=6m", "?until=1s"} {
		s.want(s.call("GET", "/v1/decisions/x"+query, ""), 400, "")
	}
	s.want(s.call("PUT", "/v1/decisions/x", yes), 405, "DELETE or GET or POST")
	s.want(s.call("POST", "/v1/decisions/x", yes, "Sec-Fetch-Site", "cross-site"), 403, "another origin")
	s.want(serve(t, nil).call("GET", "/v1/decisions/x", ""), 404, "nothing is at")
}

// One node's names are bounded, and the list comes in pages.
func TestFloodOfVotes(t *testing.T) {
	s, _ := serveLonely(t)
	for i := range decision.MaxVotes {
		s.want(s.call("POST", fmt.Sprint("/v1/decisions/", i), no), 200, "")
	}
	w := s.call("POST", "/v1/decisions/more", no)
	s.want(w, 429, "too many decisions are open")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	got, next := 0, 0
	for {
		w := s.call("GET", fmt.Sprint("/v1/decisions?limit=20&from=", next), "")
		s.want(w, 200, "")
		page := decode[wire.Decisions](t, w.Body.Bytes())
		for _, d := range page.Decisions {
			if d.Name != fmt.Sprint(got) {
				t.Errorf("decision %d is %q", got, d.Name)
			}
			got++
		}
		if next = page.Next; next >= page.Total {
			break
		}
	}
	if got != decision.MaxVotes {
		t.Errorf("%d decisions", got)
	}
	for _, query := range []string{"?from=x", "?limit=-1", "?from=99999999999", "?to=3"} {
		s.want(s.call("GET", "/v1/decisions"+query, ""), 400, "")
	}
}

// Those who wait for decisions are bounded together with those who wait for values.
func TestWaitingForDecisionsIsBounded(t *testing.T) {
	l := newLonely(t)
	s := serve(t, func(c *api.Config) { c.Decisions, c.Limits.Waiting = l, 1 })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.do(request("GET", "/v1/decisions/x?wait=5m", "").WithContext(ctx))
	}()
	<-l.waits
	if w := s.call("GET", "/v1/decisions/x?wait=1s", ""); w.Code != http.StatusTooManyRequests {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	cancel()
	<-done
	s.want(s.call("GET", "/v1/decisions/x", ""), 404, "")
}

// The whole way on a real node, by the client: names that look like paths too.
func TestDecisionsOnARealNode(t *testing.T) {
	n := single(t)
	address, _ := apitest.Serve(t, api.Config{Node: api.Of(n), Decisions: n})
	c, err := client.New(client.Config{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := t.Context()
	key, err := coin.ParsePublicKey(n.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	st, err := c.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"plain", "..", ".", "a/b", "/", "%2F", "with space?", "ä≠b", "a#b", strings.Repeat("/", decision.MaxName)}
	for i, name := range names {
		vote := i%2 == 0
		if _, err := c.Vote(ctx, name, vote); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		d, err := c.WaitDecision(ctx, name)
		if err != nil || d.State != "decided" || *d.Value != vote || *d.Vote != vote {
			t.Fatalf("%q: %+v, %v", name, d, err)
		}
		if err := client.VerifyDecision(key, st.Cluster, st.Era, d); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		d.Value = new(!vote)
		if err := client.VerifyDecision(key, st.Cluster, st.Era, d); err == nil {
			t.Errorf("%q: another value has a certificate", name)
		}
		if _, err := c.Vote(ctx, name, !vote); refusal(err) != 409 {
			t.Errorf("%q: another vote: %v", name, err)
		}
	}
	page, err := c.Decisions(ctx, 3, 4)
	if err != nil || len(page.Decisions) != 4 || page.Decisions[0].Name != names[3] || page.Total != len(names) || page.Next != 7 {
		t.Errorf("%+v, %v", page, err)
	}
	if err := c.PruneDecision(ctx, ".."); err != nil {
		t.Error(err)
	}
	if _, err := c.Decision(ctx, ".."); refusal(err) != 410 {
		t.Errorf("what was pruned: %v", err)
	}
	if err := c.PruneDecision(ctx, ".."); refusal(err) != 410 {
		t.Errorf("pruned twice: %v", err)
	}
	resp, err := http.Get(address + "/v1/decisions/" + url.PathEscape("a/b"))
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("%v, %v", resp, err)
	}
	resp.Body.Close()
}

// refusal is the status of the API's refusal.
func refusal(err error) int {
	var refused *client.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}
