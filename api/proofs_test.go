package api_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/node"
	"abad/proof"
	"abad/store"
)

// Everything that a stranger can check, over a real node: certificate, proof,
// beacons by drand's paths, and a copy of the store.
func TestProofsOverHTTP(t *testing.T) {
	n := single(t)
	url, _ := apitest.Serve(t, api.Config{Node: api.Of(n), Proofs: n, Backup: n})
	call := func(path string, status int) []byte {
		t.Helper()
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != status {
			t.Fatalf("%s: %s, want %d: %s %v", path, resp.Status, status, body, err)
		}
		if status >= 400 && decode[wire.Error](t, body).Error == "" {
			t.Errorf("%s: no error in %s", path, body)
		}
		return body
	}
	call("/v1/beacon/latest", 404)
	id := batch.ValueID{1}
	call("/v1/values/"+id.String()+"/proof", 404)
	r, err := n.Submit(t.Context(), batch.Value{ID: id, Payload: []byte("hello")})
	if err == nil {
		err = n.WaitCertificate(t.Context(), r.Block)
	}
	if err != nil {
		t.Fatal(err)
	}

	p := decode[wire.Proof](t, call("/v1/values/"+id.String()+"/proof", 200))
	key, err := coin.ParsePublicKey(n.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	claim, err := proof.Decode(p.Proof)
	if err != nil {
		t.Fatal(err)
	}
	if err := claim.Verify(key, batch.Value{ID: id, Payload: p.Value}); err != nil || string(p.Value) != "hello" {
		t.Errorf("%q: %v", p.Value, err)
	}

	c := decode[wire.Certified](t, call("/v1/blocks/1/certificate", 200))
	sig, err := hex.DecodeString(c.Certificate.Block)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Verify(coin.BlockMessage(c.Hash), sig); err != nil || c.Key != key.String() {
		t.Errorf("%+v: %v", c, err)
	}

	chain := strings.Repeat("0", 64)
	hint := decode[wire.Error](t, call("/"+chain+"/info", 404)).Hint
	chain = hint[strings.Index(hint, "/")+1 : strings.LastIndex(hint, "/")]
	info := decode[wire.Chain](t, call("/"+chain+"/info", 200))
	if info.Hash != chain || info.PublicKey != key.String() || info.Scheme != "bls-unchained-g1-rfc9380" {
		t.Errorf("%+v", info)
	}
	latest := decode[wire.Beacon](t, call("/v1/beacon/latest", 200))
	for _, round := range []string{"1", "0", "latest"} {
		if b := decode[wire.Beacon](t, call("/"+chain+"/public/"+round, 200)); b != latest || b.Round != 1 {
			t.Errorf("round %s: %+v, want %+v", round, b, latest)
		}
	}
	raw, err := hex.DecodeString(latest.Signature)
	if err != nil || key.Verify(coin.BeaconMessage(1), raw) != nil || bft.Sum(raw).String() != latest.Randomness {
		t.Errorf("%+v: %v", latest, err)
	}

	for path, status := range map[string]int{
		"/" + chain + "/public/2":         404,
		"/" + chain + "/public/x":         400,
		"/v1/blocks/2/certificate":        404,
		"/v1/blocks/x/certificate":        400,
		"/v1/values/00/proof":             400,
		"/v1/beacon/latest?x=1":           400,
		"/" + chain + "/info?x=1":         400,
		"/v1/blocks/1/certificate?x=1":    400,
		"/v1/backup?x=1":                  400,
		"/v1/values/" + id.String() + "/": 404,
	} {
		call(path, status)
	}

	dir := t.TempDir()
	if err := node.Restore(dir, bytes.NewReader(call("/v1/backup", 200))); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Height() != 1 {
		t.Errorf("the copy has %d blocks", s.Height())
	}
}
