package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"abad/api"
	"abad/api/apitest"
	"abad/api/wire"
	"abad/batch"
)

// Whatever the body is: the values that are whole are in the log in order, each has
// its answer, and a rest is told.
func FuzzValueStream(f *testing.F) {
	one := wire.AppendValue(nil, valueID(1), []byte("one"))
	f.Add([]byte{}, 1)
	f.Add(one, 3)
	f.Add(append(one, wire.AppendValue(nil, valueID(2), nil)...), 7)
	f.Add(append(one, wire.AppendValue(nil, valueID(3), make([]byte, 70_000))...), 1000)
	f.Add(append(one, wire.AppendValue(nil, valueID(4), make([]byte, 100_001))...), 4096)
	f.Add(one[:10], 5)
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 64)
	const limit = 100_000
	f.Fuzz(func(t *testing.T, body []byte, piece int) {
		log := apitest.New()
		log.SetMaxValue(limit)
		srv, err := api.New(api.Config{Node: log})
		if err != nil {
			t.Fatal(err)
		}
		out, err := srv.ServeValues(context.Background(), &pieces{body, max(1, piece%8192)})
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(bytes.NewReader(out))
		known := map[batch.ValueID]string{}
		for len(body) >= wire.ValueHead {
			length, id := wire.ReadValueHead([wire.ValueHead]byte(body))
			if int64(len(body)-wire.ValueHead) < int64(length) {
				break
			}
			payload := string(body[wire.ValueHead : wire.ValueHead+int(length)])
			body = body[wire.ValueHead+int(length):]
			a, err := wire.ReadAnswer(in)
			if err != nil {
				t.Fatal(err)
			}
			first, again := known[id]
			want := uint16(0)
			switch {
			case payload == "":
				want = 422
			case len(payload) > limit:
				want = 413
			case again && first != payload:
				want = 409
			default:
				known[id] = payload
			}
			if want != a.Status || (a.Kind == wire.Placed) != (want == 0) {
				t.Fatalf("%+v, want status %d", a, want)
			}
			if want > 0 {
				continue
			}
			values, err := log.Values(a.Block)
			if err != nil || values[a.Index].ID != id || string(values[a.Index].Payload) != payload {
				t.Fatalf("%+v is not the value's place", a)
			}
		}
		if len(body) > 0 {
			if a, err := wire.ReadAnswer(in); err != nil || a.Kind != wire.Ended || a.Status != 400 {
				t.Fatalf("%+v %v for a stream that is cut off", a, err)
			}
		}
		if _, err := wire.ReadAnswer(in); !errors.Is(err, io.EOF) {
			t.Fatalf("%v instead of the end", err)
		}
		if srv.InUse() != [3]int64{} {
			t.Fatalf("in use: %v", srv.InUse())
		}
	})
}

// pieces gives at most so many bytes at a time.
type pieces struct {
	data []byte
	most int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.data[:min(p.most, len(p.data))])
	p.data = p.data[n:]
	return n, nil
}
