package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"abad/agree"
	"abad/api"
	"abad/api/apitest"
	"abad/bft"
	"abad/client"
	"abad/decision"
	"abad/node"
)

// stuck is an agreement that has an outcome for each name in errors, and else never
// comes.
type stuck struct {
	lonely
	errors map[string]error
}

func (s *stuck) Propose(_ context.Context, name string, _ []byte) (agree.Agreement, error) {
	return agree.Agreement{Name: name, Proposals: []agree.Entry{{Node: 2, Value: []byte("v")}}}, s.errors[name]
}

func (s *stuck) Agreement(name string) (agree.Agreement, error) {
	if err := s.errors[name]; err != nil {
		return agree.Agreement{}, err
	}
	return agree.Agreement{Name: name}, nil
}

func (s *stuck) WaitAgreement(ctx context.Context, name string) (agree.Agreement, error) {
	<-ctx.Done()
	return agree.Agreement{}, context.Cause(ctx)
}

func TestProposalRefusals(t *testing.T) {
	a := &stuck{errors: map[string]error{
		"other": agree.ErrProposed, "late": agree.ErrAgreed, "flood": agree.ErrTooMany, "unknown": agree.ErrUnknown,
		"lost": fmt.Errorf("agreements: %w", node.ErrPruned), "stopping": node.ErrStopped, "empty": agree.ErrValue,
	}}
	s := serve(t, func(c *api.Config) { c.Agreements = a })
	s.want(s.call("POST", "/v1/agreements/fine", "v"), 200, "")
	s.want(s.call("POST", "/v1/agreements/fine?wait=1ms", "v"), 200, "")
	s.want(s.call("POST", "/v1/agreements/fine", `{"text": "v"}`, "Content-Type", "application/json"), 200, "")
	s.want(s.call("POST", "/v1/agreements/fine", `{"text": "v", "id": "000102030405060708090a0b0c0d0e0f"}`, "Content-Type", "application/json"), 400, `no "id"`)
	s.want(s.call("POST", "/v1/agreements/fine", strings.Repeat("v", agree.MaxValue)), 200, "")
	s.want(s.call("POST", "/v1/agreements/fine", strings.Repeat("v", agree.MaxValue+1)), 413, "propose its hash")
	s.want(s.call("POST", "/v1/agreements/"+strings.Repeat("x", decision.MaxName+1), "v"), 400, "no agreement can be named")
	s.want(s.call("GET", "/v1/agreements/a%00b", ""), 400, "no agreement can be named")
	s.want(s.call("GET", "/v1/agreements/", ""), 400, "no agreement can be named")
	s.want(s.call("POST", "/v1/agreements/other", "v"), 409, "has proposed another value")
	s.want(s.call("POST", "/v1/agreements/late", "v"), 409, "is reached")
	s.want(s.call("POST", "/v1/agreements/flood", "v"), 429, "too many agreements are open")
	s.want(s.call("POST", "/v1/agreements/lost", "v"), 503, "ask another node")
	s.want(s.call("POST", "/v1/agreements/stopping", "v"), 503, "stopping")
	s.want(s.call("POST", "/v1/agreements/empty", ""), 422, "empty")
	s.want(s.call("GET", "/v1/agreements/unknown", ""), 404, "a proposal opens it")
	s.want(s.call("GET", "/v1/agreements/unknown?wait=1ms", ""), 404, "a proposal opens it")
	s.want(s.call("GET", "/v1/agreements/fine?wait=1ms", ""), 200, "")
	s.want(s.call("GET", "/v1/agreements/fine?wait=x", ""), 400, "duration")
	s.want(serve(t, nil).call("GET", "/v1/agreements/x", ""), 404, "nothing is at")
}

func TestAgreementOnARealNode(t *testing.T) {
	n := single(t)
	address, _ := apitest.Serve(t, api.Config{Node: api.Of(n), Agreements: n})
	c, err := client.New(client.Config{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, name := range []string{"plain", "..", "a/b", "/", "ä?"} {
		a, err := c.Propose(t.Context(), name, []byte("value of "+name))
		if err != nil || a.State != "agreed" || string(a.Value) != "value of "+name || len(a.For) != 1 || a.For[0] != bft.ID(0) || a.At.Block == 0 {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
		again, err := c.WaitAgreement(t.Context(), name)
		if err != nil || string(again.Value) != string(a.Value) {
			t.Errorf("%q: %+v, %v", name, again, err)
		}
		if _, err := c.Propose(t.Context(), name, []byte("x")); refusal(err) != 409 {
			t.Errorf("%q: a late proposal: %v", name, err)
		}
	}
	if _, err := c.Agreement(t.Context(), "nobody's"); refusal(err) != 404 {
		t.Errorf("an unknown name: %v", err)
	}
}
