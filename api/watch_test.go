package api_test

import (
	"context"
	"encoding/hex"
	"errors"
	"testing"
	"testing/synctest"

	"abad/api"
	"abad/api/wire"
	"abad/batch"
	"abad/node"
	"abad/proof"
)

// speechless is a node whose driver answers nothing.
type speechless struct{ *node.Node }

func (speechless) Epochs(ctx context.Context) (node.Epochs, error) {
	<-ctx.Done()
	return node.Epochs{}, context.Cause(ctx)
}

func (speechless) Links(context.Context) ([]node.View, error) {
	return []node.View{{Node: 0, Links: []node.Link{{}}}, {Node: 1, Err: errors.New("no link")}}, nil
}

func (speechless) Activity() node.Activity { return node.Activity{} }

func TestWatchAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, func(c *api.Config) { c.Watch = speechless{} })
		s.want(s.call("GET", "/v1/epochs", ""), 503, "stuck")
		for _, path := range []string{"/v1/epochs", "/v1/links", "/v1/activity"} {
			s.want(s.call("GET", path+"?x=1", ""), 400, `"x"`)
			s.want(s.call("POST", path, ""), 405, "GET")
		}
		w := s.call("GET", "/v1/links", "")
		s.want(w, 200, "")
		l := decode[wire.Links](t, w.Body.Bytes())
		if l.Views[0].Error != "" || l.Views[1].Error != "no link" || l.Views[1].Links == nil {
			t.Errorf("%s", w.Body)
		}
		w = s.call("GET", "/v1/activity", "")
		s.want(w, 200, "")
		if a := decode[wire.Activity](t, w.Body.Bytes()); a.Blocks == nil || a.Seconds == nil || a.Proposers == nil {
			t.Errorf("null instead of an empty list: %s", w.Body)
		}
	})
	s := serve(t, nil)
	s.want(s.call("GET", "/v1/epochs", ""), 404, "/v1/epochs")
}

// forger proves the right value with a part of the proof changed.
type forger struct {
	*node.Node
	change func(*proof.Proof, *batch.Value)
}

func (f forger) Prove(height, index uint64) (batch.Value, *proof.Proof, error) {
	v, p, err := f.Node.Prove(height, index)
	if err == nil {
		f.change(p, &v)
	}
	return v, p, err
}

// The check is one: what is wrong in store or proof is said, and the right is right.
func TestCheck(t *testing.T) {
	n := single(t)
	if _, err := n.Submit(t.Context(), batch.Value{ID: batch.ValueID{1}, Payload: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	if err := n.WaitCertificate(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*proof.Proof, *batch.Value)
		valid  bool
	}{
		"as it is":      {func(*proof.Proof, *batch.Value) {}, true},
		"certificate":   {func(p *proof.Proof, _ *batch.Value) { p.Certificate[5] ^= 1 }, false},
		"another value": {func(_ *proof.Proof, v *batch.Value) { v.Payload = []byte("hellO") }, false},
		"another time":  {func(p *proof.Proof, _ *batch.Value) { p.Header.Time++ }, false},
	} {
		s := serve(t, func(conf *api.Config) { conf.Node, conf.Proofs = api.Of(n), forger{n, c.change} })
		w := s.call("GET", "/v1/log/1.0/check", "")
		s.want(w, 200, "")
		if got := decode[wire.Check](t, w.Body.Bytes()); got.Valid != c.valid || (got.Error == "") != c.valid || got.Key != hex.EncodeToString(n.PublicKey()) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	s := serve(t, func(conf *api.Config) { conf.Node, conf.Proofs = api.Of(n), n })
	s.want(s.call("GET", "/v1/log/1.1/check", ""), 404, "1 values")
	s.want(s.call("GET", "/v1/log/2.0/check", ""), 404, "no block 2")
	s.want(s.call("GET", "/v1/log/x/check", ""), 400, "12.3")
	s.want(s.call("GET", "/v1/log/1.0/check?x=1", ""), 400, `"x"`)

	later := serve(t, func(conf *api.Config) { conf.Node, conf.Proofs = api.Of(n), early{n} })
	later.want(later.call("GET", "/v1/log/1.0/check", ""), 404, "no certificate yet")
}

// early has no certificate of anything.
type early struct{ *node.Node }

func (early) Prove(uint64, uint64) (batch.Value, *proof.Proof, error) {
	return batch.Value{}, nil, node.ErrNotFound
}
