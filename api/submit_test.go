package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
	"abad/batch"
)

const (
	someID  = "000102030405060708090a0b0c0d0e0f"
	otherID = "ff0102030405060708090a0b0c0d0e0f"
)

// payload is the log's value at a receipt.
func (s *served) payload(r wire.Receipt) string {
	s.t.Helper()
	values, err := s.log.Values(r.Block)
	if err != nil || r.Index >= uint64(len(values)) {
		s.t.Fatalf("no value at %d.%d: %v", r.Block, r.Index, err)
	}
	if values[r.Index].ID != r.ID {
		s.t.Fatalf("the value at %d.%d has id %s, the receipt %s", r.Block, r.Index, values[r.Index].ID, r.ID)
	}
	return string(values[r.Index].Payload)
}

func TestForms(t *testing.T) {
	limit := strings.Repeat("x", batch.MaxValue)
	for _, c := range []struct {
		name, body, value, id string
		headers               []string
	}{
		{"raw", "hello", "hello", "", nil},
		{"raw bytes", "\x00\xff\n", "\x00\xff\n", "", []string{"Content-Type", "application/octet-stream"}},
		{"what curl -d sends", "a=b", "a=b", "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"text is no JSON", `{"text":"x"}`, `{"text":"x"}`, "", []string{"Content-Type", "text/plain; charset=latin1"}},
		{"identity", "x", "x", "", []string{"Content-Encoding", "identity"}},
		{"header id", "hello", "hello", someID, []string{"Idempotency-Key", strings.ToUpper(someID)}},
		{"base64", `{"value":"AP8="}`, "\x00\xff", "", []string{"Content-Type", "application/json"}},
		{"text", ` {"text":"gr\u00fc\u00df \"dich\""} `, `grüß "dich"`, "", []string{"Content-Type", "application/json; charset=UTF-8"}},
		{"other JSON", `{"text":"x"}`, "x", "", []string{"Content-Type", "application/vnd.api+json"}},
		{"JSON id", `{"text":"x","id":"` + someID + `"}`, "x", someID, []string{"Content-Type", "application/json"}},
		{"both ids", `{"text":"x","id":"` + someID + `"}`, "x", someID, []string{"Content-Type", "application/json", "Idempotency-Key", someID}},
		{"raw at the limit", limit, limit, "", nil},
		{"JSON at the limit", `{"value":"` + base64.StdEncoding.EncodeToString([]byte(limit)) + `"}`, limit, "", []string{"Content-Type", "application/json"}},
		{"escaped at the limit", `{"text":"` + strings.Repeat(`\u00fc`, batch.MaxValue/2) + `"}`, strings.Repeat("ü", batch.MaxValue/2), "", []string{"Content-Type", "application/json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, nil)
			w := s.call("POST", "/v1/values", c.body, c.headers...)
			s.want(w, 200, "")
			r := decode[wire.Receipt](t, w.Body.Bytes())
			if r.Block != 1 || r.Index != 0 || r.MS < 0 || c.id != "" && r.ID.String() != c.id {
				t.Errorf("receipt %+v", r)
			}
			if w.Header().Get("Idempotency-Key") != r.ID.String() {
				t.Errorf("the header says %q", w.Header().Get("Idempotency-Key"))
			}
			if got := s.payload(r); got != c.value {
				t.Errorf("the log has %.40q, want %.40q", got, c.value)
			}
		})
	}
}

// The document of the answer is what the project promises, member for member.
func TestReceiptDocument(t *testing.T) {
	s := serve(t, nil)
	s.log.Commit()
	w := s.call("POST", "/v1/values?wait=true&timeout=1m", "x", "Idempotency-Key", someID)
	var m map[string]json.RawMessage
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	if len(m) != 4 || string(m["block"]) != "2" || string(m["index"]) != "0" || string(m["id"]) != `"`+someID+`"` || m["ms"] == nil {
		t.Errorf("%s", w.Body)
	}
}

// A receipt of a block that the node does not have yet says so.
func TestReceiptAhead(t *testing.T) {
	s := serve(t, nil)
	s.log.Behind()
	if r := decode[wire.Receipt](t, s.call("POST", "/v1/values", "x").Body.Bytes()); !r.Ahead || r.Block != 1 {
		t.Errorf("receipt %+v", r)
	}
}

func TestRandomIDsDiffer(t *testing.T) {
	s := serve(t, nil)
	seen := map[batch.ValueID]bool{}
	for range 100 {
		r := decode[wire.Receipt](t, s.call("POST", "/v1/values", "same").Body.Bytes())
		if seen[r.ID] {
			t.Fatalf("id %s twice", r.ID)
		}
		seen[r.ID] = true
	}
}

func TestSameIDIsSameValue(t *testing.T) {
	s := serve(t, nil)
	first := decode[wire.Receipt](t, s.call("POST", "/v1/values", "x", "Idempotency-Key", someID).Body.Bytes())
	again := decode[wire.Receipt](t, s.call("POST", "/v1/values", "x", "Idempotency-Key", someID).Body.Bytes())
	again.MS, first.MS = 0, 0
	if first != again {
		t.Errorf("%+v, then %+v", first, again)
	}
	w := s.call("POST", "/v1/values", "y", "Idempotency-Key", someID)
	s.want(w, 409, "another value")
	if w.Header().Get("Idempotency-Key") != someID {
		t.Error("the error does not say the id")
	}
}

func TestNotYet(t *testing.T) {
	for _, query := range []string{"wait=false", "timeout=1ms", "wait=true&timeout=1us"} {
		s := serve(t, nil)
		s.log.Hold()
		w := s.call("POST", "/v1/values?"+query, "x", "Idempotency-Key", someID)
		s.want(w, 202, "")
		if p := decode[wire.Pending](t, w.Body.Bytes()); p.ID.String() != someID || !p.Pending {
			t.Errorf("%s: %+v", query, p)
		}
		s.log.Commit()
		w = s.call("POST", "/v1/values", "x", "Idempotency-Key", someID) // held again, but known
		s.want(w, 200, "")
		if r := decode[wire.Receipt](t, w.Body.Bytes()); r.Block != 1 {
			t.Errorf("%s: %+v", query, r)
		}
	}
}

func TestBadSubmissions(t *testing.T) {
	asJSON := []string{"Content-Type", "application/json"}
	kind := func(kind string) []string { return []string{"Content-Type", kind} }
	id := func(id string) []string { return []string{"Idempotency-Key", id} }
	over := strings.Repeat("x", batch.MaxValue+1)
	for _, c := range []struct {
		name, query, body string
		headers           []string
		status            int
		text              string
	}{
		{"short id", "", "x", id(someID[1:]), 400, "32 hexadecimal digits"},
		{"long id", "", "x", id(someID + "0"), 400, "32 hexadecimal digits"},
		{"no hex", "", "x", id("g" + someID[1:]), 400, "Idempotency-Key"},
		{"empty id", "", "x", id(""), 400, "Idempotency-Key"},
		{"two ids", "", "x", append(id(someID), id(otherID)...), 400, "2 times"},
		{"JSON id", "", `{"text":"x","id":"1"}`, asJSON, 400, `"id"`},
		{"ids differ", "", `{"text":"x","id":"` + someID + `"}`, append(id(otherID), asJSON...), 400, "differ"},
		{"no JSON", "", `hello`, asJSON, 400, "JSON"},
		{"empty JSON", "", ``, asJSON, 400, "JSON"},
		{"JSON cut", "", `{"text":"x`, asJSON, 400, "unexpected EOF"},
		{"JSON array", "", `["x"]`, asJSON, 400, "JSON"},
		{"JSON number", "", `{"text":5}`, asJSON, 400, "text"},
		{"unknown member", "", `{"txet":"x"}`, asJSON, 400, "txet"},
		{"both", "", `{"text":"x","value":"eA=="}`, asJSON, 400, "both"},
		{"neither", "", `{"id":"` + someID + `"}`, asJSON, 400, "neither"},
		{"null", "", `{"text":null}`, asJSON, 400, "neither"},
		{"no base64", "", `{"value":"eA"}`, asJSON, 400, "base64"},
		{"bytes in JSON", "", "{\"text\":\"\xff\"}", asJSON, 400, "UTF-8"},
		{"more JSON", "", `{"text":"x"}{}`, asJSON, 400, "after its end"},
		{"wait", "?wait=maybe", "x", nil, 400, "wait=maybe"},
		{"no unit", "?timeout=30", "x", nil, 400, "timeout=30"},
		{"no time", "?timeout=0s", "x", nil, 400, "timeout=0s"},
		{"back in time", "?timeout=-1s", "x", nil, 400, "timeout=-1s"},
		{"too long", "?timeout=5m1ns", "x", nil, 400, "5m0s"},
		{"contradiction", "?wait=false&timeout=1s", "x", nil, 400, "contradict"},
		{"mistyped", "?tiemout=1s", "x", nil, 400, `"tiemout"`},
		{"twice", "?wait=true&wait=false", "x", nil, 400, "2 times"},
		{"bad query", "?wait=%zz", "x", nil, 400, "malformed"},
		{"over the limit", "", over, nil, 413, "1048576"},
		{"value over", "", `{"text":"` + over + `"}`, asJSON, 413, "1048576"},
		{"JSON over", "", strings.Repeat(" ", batch.MaxValue*api.JSONSpelling+api.JSONAround+1), asJSON, 413, "octet-stream"},
		{"form", "", "x", kind("multipart/form-data; boundary=x"), 415, "multipart"},
		{"gzip", "", "x", []string{"Content-Encoding", "gzip"}, 415, "gzip"},
		{"charset", "", `{"text":"x"}`, kind("application/json; charset=latin1"), 415, "latin1"},
		{"bad type", "", "x", kind("application/"), 415, "Content-Type"},
		{"empty", "", "", nil, 422, "empty"},
		{"empty text", "", `{"text":""}`, asJSON, 422, "empty"},
		{"empty value", "", `{"value":""}`, asJSON, 422, "empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, nil)
			s.want(s.call("POST", "/v1/values"+c.query, c.body, c.headers...), c.status, c.text)
			if s.log.Height() != 0 || s.log.Queued() != 0 {
				t.Error("the log has it all the same")
			}
		})
	}
}

// A body without a length is measured as it comes.
func TestUnknownLength(t *testing.T) {
	for size, status := range map[int]int{0: 422, 1: 200, 4096: 200, 4097: 200, 65536: 200, batch.MaxValue: 200, batch.MaxValue + 1: 413} {
		s := serve(t, nil)
		r := request("POST", "/v1/values", strings.Repeat("x", size))
		r.ContentLength = -1
		w := s.do(r)
		s.want(w, status, "")
		if status == 200 {
			if got := s.payload(decode[wire.Receipt](t, w.Body.Bytes())); len(got) != size {
				t.Errorf("%d bytes of %d", len(got), size)
			}
		}
	}
}

func TestNodeSaysNo(t *testing.T) {
	s := serve(t, nil)
	s.log.Busy(1)
	w := s.call("POST", "/v1/values", "x")
	s.want(w, 429, "waiting")
	if w.Header().Get("Retry-After") != "1" || len(w.Header().Get("Idempotency-Key")) != 32 {
		t.Errorf("%v", w.Header())
	}
	s.log.Stop()
	w = s.call("POST", "/v1/values", "x")
	s.want(w, 503, "stopping")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// A node that stops while a value waits.
func TestStopsWhileWaiting(t *testing.T) {
	s := serve(t, nil)
	s.log.Hold()
	queued := s.log.Changed()
	go func() { <-queued; s.log.Stop() }()
	s.want(s.call("POST", "/v1/values", "x"), 503, "may be decided")
}

func TestManyAtOnce(t *testing.T) {
	log := apitest.New()
	url, _ := apitest.Serve(t, api.Config{Node: log})
	const clients, each = 64, 20
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	errs := make(chan error, clients)
	for c := range clients {
		go func() {
			for i := range each {
				if err := post(client, url+"/v1/values", fmt.Sprint(c, " ", i)); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range clients {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for h := uint64(1); h <= log.Height(); h++ {
		values, _ := log.Values(h)
		for _, v := range values {
			seen[string(v.Payload)] = true
		}
	}
	if len(seen) != clients*each {
		t.Errorf("%d values of %d", len(seen), clients*each)
	}
}

func post(client *http.Client, url, body string) error {
	resp, err := client.Post(url, "", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var r wire.Receipt
	if resp.StatusCode != 200 {
		return fmt.Errorf("status %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(&r)
}
