package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"abad/api"
	"abad/api/wire"
	"abad/batch"
)

// valueStream is an open stream of submissions.
type valueStream struct {
	t    *testing.T
	conn net.Conn
	body io.WriteCloser // chunks it
	resp *http.Response
	in   *bufio.Reader
	sent int
}

func (p *piped) values() *valueStream {
	p.t.Helper()
	conn := p.dial(head("POST", "/v1/values/stream", "Transfer-Encoding: chunked"))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != wire.StreamType {
		p.t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	return &valueStream{p.t, conn, httputil.NewChunkedWriter(conn), resp, bufio.NewReader(resp.Body), 0}
}

func valueID(i int) (id batch.ValueID) {
	copy(id[:], fmt.Sprintf("value %010d", i))
	return id
}

// send writes values of these payloads together, with ids that count.
func (v *valueStream) send(payloads ...string) {
	v.t.Helper()
	var all []byte
	for _, p := range payloads {
		v.sent++
		all = wire.AppendValue(all, valueID(v.sent), []byte(p))
	}
	if _, err := v.body.Write(all); err != nil {
		v.t.Error(err)
	}
}

func (v *valueStream) close() {
	v.t.Helper()
	if err := v.body.Close(); err != nil {
		v.t.Fatal(err)
	}
	if _, err := io.WriteString(v.conn, "\r\n"); err != nil {
		v.t.Fatal(err)
	}
}

// want reads answers: "1.0" for a place, a number for a refusal, a negative one for
// the end.
func (v *valueStream) want(answers ...string) {
	v.t.Helper()
	for i, want := range answers {
		a, err := wire.ReadAnswer(v.in)
		if err != nil {
			v.t.Fatalf("answer %d: %v", i, err)
		}
		got := wire.Position{Block: a.Block, Index: a.Index}.String()
		switch a.Kind {
		case wire.Refused:
			got = fmt.Sprint(a.Status)
		case wire.Ended:
			got = fmt.Sprint(-int(a.Status))
		}
		if got != want {
			v.t.Fatalf("answer %d is %s %+v, want %s", i, got, a, want)
		}
	}
}

func (v *valueStream) wantEnd() {
	v.t.Helper()
	if _, err := wire.ReadAnswer(v.in); err != io.EOF {
		v.t.Fatalf("%v instead of the end", err)
	}
}

// Both ways at once: answers come while values still do, in the order of the values.
func TestValueStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		v := p.values()
		v.send("one")
		v.want("1.0")
		time.Sleep(time.Hour) // between values there is no hurry
		p.log.Hold()
		v.send("two", "three", "four")
		synctest.Wait()
		if p.log.Queued() != 3 {
			t.Fatalf("%d values wait at the node", p.log.Queued())
		}
		p.log.Commit()
		v.want("2.0", "2.1", "2.2")
		v.send("five")
		v.close()
		synctest.Wait()
		p.log.Commit()
		v.want("3.0")
		v.wantEnd()
		values, err := p.log.Values(2)
		if err != nil || string(values[2].Payload) != "four" || values[2].ID != valueID(4) {
			t.Fatalf("%v %v", values, err)
		}
	})
}

// A receipt of a block that the node does not have yet says so.
func TestValueStreamOfANodeBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		v := p.values()
		p.log.Behind()
		v.send("one")
		v.close()
		if a, err := wire.ReadAnswer(v.in); err != nil || a.Kind != wire.Ahead || a.Block != 1 {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

// A value that is wrong is refused alone; what is over the limit is passed over.
func TestValueStreamRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		const limit = 200_000 // more than the buffer
		p.log.SetMaxValue(limit)
		v := p.values()
		go v.send("", string(make([]byte, limit+1)), string(make([]byte, limit)), "x")
		v.want("422", "413", "1.0", "2.0")
		synctest.Wait()
		v.sent = 2
		v.send("another value under an id that is taken")
		v.want("409")
		v.sent = 9
		v.send("y")
		v.close()
		v.want("4.0") // block 3 was the other value's, and is empty
		v.wantEnd()
	})
}

// What is over the limit is refused with the same words however much of it has come.
func TestValueStreamRefusesWithOneText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, limit := range []int{10, 200_000} { // less and more than the buffer
			p := servePipes(t, nil)
			p.log.SetMaxValue(limit)
			v := p.values()
			go func() {
				v.send("x", string(make([]byte, limit+1)), "y")
				v.close()
			}()
			v.want("1.0")
			if a, err := wire.ReadAnswer(v.in); err != nil || a.Status != 413 || a.Reason != fmt.Sprintf("the value is over the limit of %d bytes", limit) {
				t.Errorf("%+v, %v", a, err)
			}
			v.want("2.0")
			v.wantEnd()
			p.end()
		}
	})
}

// A node that is full makes the stream wait. Nothing is refused.
func TestValueStreamWaitsForTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		v := p.values()
		p.log.Busy(5)
		began := time.Now()
		v.send("one", "two")
		v.want("1.0", "1.1")
		if asked, took := p.log.Asked(), time.Since(began); asked != 7 || took < 5*time.Millisecond || took > time.Second {
			t.Fatalf("asked %d times in %v", asked, took)
		}
		v.close()
		v.wantEnd()
	})
}

// The node holds so many values of a stream, and the rest stays with the client.
func TestValueStreamFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.log.Hold()
		v := p.values()
		const together, more = 119, 9114 // of 21 bytes: more than buffers take
		go func() {
			for range (api.StreamFlight + more - 1) / together {
				v.send(slices.Repeat([]string{"x"}, together)...)
			}
			v.send("x")
			v.close()
		}()
		synctest.Wait()
		if n := p.log.Queued(); n != api.StreamFlight {
			t.Fatalf("%d values at the node, and a stream may have %d", n, api.StreamFlight)
		}
		done := make(chan struct{})
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
					p.log.Commit()
				}
			}
		}()
		got := 0
		for ; ; got++ {
			if a, err := wire.ReadAnswer(v.in); err == io.EOF {
				break
			} else if err != nil || a.Kind != wire.Placed {
				t.Errorf("answer %d: %+v %v", got, a, err)
				break
			}
		}
		close(done)
		if got != api.StreamFlight+more {
			t.Fatalf("%d answers", got)
		}
	})
}

// How long a value waits for those before it is not the client's fault.
func TestValueStreamWaitsForFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.log.Hold()
		v := p.values()
		v.send(slices.Repeat([]string{"x"}, api.StreamFlight)...)
		go func() {
			v.send(string(make([]byte, 200_000)))
			v.close()
		}()
		time.Sleep(2 * api.ReadTimeout)
		p.log.Commit()
		for i := range api.StreamFlight {
			v.want(fmt.Sprintf("1.%d", i))
		}
		time.Sleep(time.Second)
		p.log.Commit()
		v.want("2.0")
		v.wantEnd()
	})
}

// A client that takes no answers is not read from, and thrown out after a while.
func TestValueStreamSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		v := p.values()
		done := make(chan error)
		go func() {
			for {
				if _, err := v.body.Write(wire.AppendValue(nil, valueID(v.sent), []byte("x"))); err != nil {
					done <- err
					return
				}
				v.sent++
			}
		}()
		synctest.Wait()
		if n := p.log.Asked(); n > 3*api.StreamFlight {
			t.Fatalf("the node took %d values of a client that takes no answers", n)
		}
		time.Sleep(2 * api.WriteTimeout)
		if err := <-done; err == nil {
			t.Fatal("the client is still served")
		}
		synctest.Wait()
		if p.srv.InUse() != [3]int64{} {
			t.Fatalf("in use: %v", p.srv.InUse())
		}
	})
}

func TestValueStreamCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		for cut := 1; cut < wire.ValueHead+3; cut += 4 {
			v := p.values()
			v.send("one")
			v.body.Write(wire.AppendValue(nil, valueID(9), []byte("two"))[:cut])
			v.close()
			a, err := wire.ReadAnswer(v.in)
			if err != nil || a.Kind != wire.Placed {
				t.Fatalf("%+v %v", a, err)
			}
			v.want("-400")
			v.wantEnd()
			v.conn.Close()
		}
	})
}

// A connection that breaks takes everything with it, also what waits for a block.
func TestValueStreamHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		p.log.Hold()
		for _, finished := range []bool{false, true} {
			v := p.values()
			v.send("one", "two")
			if finished {
				v.close()
			}
			synctest.Wait()
			if p.srv.InUse() != [3]int64{32, 0, 0} {
				t.Fatalf("in use: %v", p.srv.InUse())
			}
			v.conn.Close()
			synctest.Wait()
			if p.srv.InUse() != [3]int64{} {
				t.Fatalf("in use after the client hung up: %v", p.srv.InUse())
			}
		}
	})
}

// A value that has begun has to come to its end.
func TestValueStreamLateValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		defer p.end()
		for _, size := range []int{3, 100_000} {
			v := p.values()
			v.send("one")
			v.body.Write(wire.AppendValue(nil, valueID(9), make([]byte, size))[:wire.ValueHead+1])
			a, err := wire.ReadAnswer(v.in)
			if err != nil || a.Kind != wire.Placed {
				t.Fatalf("%+v %v", a, err)
			}
			began := time.Now()
			v.want("-408")
			v.wantEnd()
			if took := time.Since(began); took != api.ReadTimeout {
				t.Fatalf("it ended after %v", took)
			}
			v.conn.Close()
		}
	})
}

func TestValueStreamStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, nil)
		idle, waiting := p.values(), p.values()
		p.log.Hold()
		waiting.send("one")
		synctest.Wait()
		began := time.Now()
		p.stop()
		for _, v := range []*valueStream{idle, waiting} {
			v.want("-503")
			v.wantEnd()
		}
		p.end()
		if took := time.Since(began); took > time.Second {
			t.Fatalf("the server took %v to stop", took)
		}
	})
}

func TestValueStreamIsRefused(t *testing.T) {
	s := serve(t, nil)
	s.want(s.call("GET", "/v1/values/stream", ""), 405, "POST")
	s.want(s.call("POST", "/v1/values/stream", "x"), 400, "HTTP/1.1") // a recorder has no two ways
	synctest.Test(t, func(t *testing.T) {
		p := servePipes(t, func(c *api.Config) { c.Limits.Waiting = 63 })
		defer p.end()
		began := time.Now()
		refused := func(status int, text, path string, headers ...string) {
			conn := p.dial(head("POST", path, append(headers, "Transfer-Encoding: chunked")...))
			p.want(conn, status, text)
			conn.Close()
		}
		refused(400, "no parameter", "/v1/values/stream?wait=true")
		refused(415, "not JSON", "/v1/values/stream", "Content-Type: application/json")
		refused(415, "gzip", "/v1/values/stream", "Content-Encoding: gzip")
		v := p.values()
		refused(429, "too many submissions", "/v1/values/stream")
		v.close()
		v.wantEnd()
		synctest.Wait()
		p.values().conn.Close()
		if took := time.Since(began); took > 0 {
			t.Fatalf("refusals took %v", took)
		}
	})
}
