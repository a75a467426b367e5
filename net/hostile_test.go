package net

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"abad/bft"
	"abad/codec"
)

// What a node of the roster can do on the control stream to be thrown out.
func TestHostileFrames(t *testing.T) {
	good := appendFrame(nil, encodeFrame(Position{}, [][]byte{[]byte("good")}))
	for name, bad := range map[string][]byte{
		"oversized":       binary.BigEndian.AppendUint32(nil, maxFrame+1),
		"largest length":  {0xff, 0xff, 0xff, 0xff},
		"empty":           appendFrame(nil, nil),
		"not CBOR":        appendFrame(nil, []byte{0xff, 0xff}),
		"not a frame":     appendFrame(nil, codec.Marshal("text")),
		"too few fields":  appendFrame(nil, codec.Marshal([]uint64{1, 2})),
		"negative":        appendFrame(nil, codec.Marshal([]any{-1, 0, [][]byte{}})),
		"trailing":        appendFrame(nil, append(encodeFrame(Position{}, nil), 0)),
		"a lying length":  appendFrame(nil, []byte{0x83, 0, 0, 0x9a, 0xff, 0xff, 0xff, 0xff}),
		"too many":        appendFrame(nil, encodeFrame(Position{}, make([][]byte, 1<<16+1))),
		"deep":            appendFrame(nil, append([]byte{0x83, 0, 0}, bytes.Repeat([]byte{0x81}, 1000)...)),
		"a second HELLO?": hello{Version: version, Node: 1}.encode(),
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, nil)
			node := c.start(0)
			r := c.rawLink()
			r.write(good)
			r.write(bad)
			if err := r.closed(); !remoteCode(err, codeViolation) {
				t.Errorf("closed with %v", err)
			}
			var kinds []Kind
			node.until(t, "the end of the link", func(e Event) bool {
				kinds = append(kinds, e.Kind)
				return e.Kind == LinkDown
			})
			if len(kinds) != 3 {
				t.Errorf("events %v: what was good should be delivered, what was bad not", kinds)
			}
			if v := node.Stats().Peers[1].Violations; v != 1 {
				t.Errorf("%d violations counted", v)
			}
		})
	}
}

// The same peer does it again and again: one line in the log.
func TestHostileIsLoggedOnce(t *testing.T) {
	c := newCluster(t, 2, nil)
	node := c.start(0)
	for k := range 5 {
		r := c.rawLink()
		r.write(binary.BigEndian.AppendUint32(nil, uint32(maxFrame+1+k)))
		r.closed()
	}
	eventually(t, "all counted", func() bool { return node.Stats().Peers[1].Violations == 5 })
	node.stop()
	if n := node.log.count("level=WARN msg=\"no link to peer\""); n != 1 {
		t.Errorf("%d lines", n)
	}
}

func TestHostileStreams(t *testing.T) {
	type streams interface {
		io.WriteCloser
	}
	uni := func(r *rawPeer) streams { s, _ := r.conn.OpenUniStream(); return s }
	bidi := func(r *rawPeer) streams { s, _ := r.conn.OpenStream(); return s }
	for name, test := range map[string]struct {
		open func(*rawPeer) streams
		data []byte
	}{
		"push head too long":     {uni, []byte{0x04, 0x01}},
		"push cut off in size":   {uni, []byte{0, 1, 'h', 0}},
		"push of nothing":        {uni, nil},
		"push too large":         {uni, []byte{0, 0, 0x00, 0x80, 0x00, 0x01}},
		"push cut off":           {uni, []byte{0, 0, 0, 0, 0, 5, 'a'}},
		"push goes on":           {uni, []byte{0, 0, 0, 0, 0, 1, 'a', 'b'}},
		"request too large":      {bidi, []byte{1, 0, 1, 0, 1}},
		"request cut off":        {bidi, []byte{1, 0, 0, 0, 5, 'a'}},
		"request goes on":        {bidi, []byte{1, 0, 0, 0, 1, 'a', 'b'}},
		"request without length": {bidi, []byte{1}},
	} {
		t.Run(name, func(t *testing.T) {
			var sink pushed
			c := newCluster(t, 2, func(conf *Config) { conf.OnPush = sink.handle })
			node := c.start(0)
			r := c.rawLink()
			s := test.open(r)
			s.Write(test.data)
			s.Close()
			if err := r.closed(); !remoteCode(err, codeViolation) {
				t.Errorf("closed with %v", err)
			}
			if v := node.Stats().Peers[1].Violations; v != 1 {
				t.Errorf("%d violations counted", v)
			}
			if sink.len() != 0 {
				t.Error("a broken push passes for whole")
			}
		})
	}
}

// A push whose sender resets it is not whole either, and no violation.
func TestResetPush(t *testing.T) {
	var sink pushed
	c := newCluster(t, 2, func(conf *Config) { conf.OnPush = sink.handle })
	node := c.start(0)
	r := c.rawLink()
	s, err := r.conn.OpenUniStreamSync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Write([]byte{0, 0, 0, 0, 0, 5, 'a', 'b'})
	s.CancelWrite(streamGone)
	r.write(appendFrame(nil, encodeFrame(Position{}, nil)))
	node.until(t, "a frame", func(e Event) bool { return e.Kind == Frame })
	s, err = r.conn.OpenUniStreamSync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Write([]byte{0, 1, 'h', 0, 0, 0, 1, 'x'})
	s.Close()
	eventually(t, "the next push", func() bool { return sink.len() == 1 })
	if s := node.Stats().Peers[1]; !s.Up || s.Violations != 0 {
		t.Errorf("stats %+v", s)
	}
}

// A peer that answers requests with nonsense hurts only its own link.
func TestHostileAnswers(t *testing.T) {
	for name, answer := range map[string][]byte{
		"cut off": {answered, 0, 0, 0, 5, 'a'},
		"goes on": {answered, 0, 0, 0, 1, 'a', 'b'},
		"nothing": {},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, nil)
			node := c.start(0)
			r := c.rawLink()
			served := make(chan error, 1)
			go func() {
				s, err := r.conn.AcceptStream(r.conn.Context())
				if err == nil {
					s.Write(answer)
					s.Close()
				}
				served <- err
			}()
			eventually(t, "the link is up", func() bool { return node.Stats().Peers[1].Up })
			if _, err := node.Request(t.Context(), 1, 1, nil, 100, nil); err == nil || !strings.Contains(err.Error(), "unexpected EOF") && !strings.Contains(err.Error(), "goes on") {
				t.Errorf("error %v", err)
			}
			if err := <-served; err != nil {
				t.Error(err)
			}
			if err := r.closed(); !remoteCode(err, codeViolation) {
				t.Errorf("closed with %v", err)
			}
		})
	}
}

// A peer that begins an answer and does not go on, or hardly, is not waited for.
func TestAnswersThatDoNotGetOn(t *testing.T) {
	c := newCluster(t, 2, func(conf *Config) { conf.Timing.Answer = 200 * time.Millisecond })
	node := c.start(0)
	r := c.rawLink()
	go func() {
		for {
			s, err := r.conn.AcceptStream(r.conn.Context())
			if err != nil {
				return
			}
			s.Write([]byte{answered, 0, 1 << 4, 0, 0}) // a MiB is to come
			for err == nil {
				_, err = s.Write(make([]byte, 64))
				time.Sleep(10 * time.Millisecond)
			}
		}
	}()
	eventually(t, "the link is up", func() bool { return node.Stats().Peers[1].Up })
	for range 3 {
		if _, err := node.Request(t.Context(), 1, 1, nil, 1<<20, nil); !errors.Is(err, ErrSlow) {
			t.Errorf("error %v", err)
		}
	}
	if s := node.Stats().Peers[1]; !s.Up || s.Violations != 0 {
		t.Errorf("stats %+v", s)
	}
}

// A peer that says nothing after the handshake, or half a HELLO, is shown out.
func TestSilentPeer(t *testing.T) {
	for name, said := range map[string][]byte{"nothing": nil, "half": hello{}.encode()[:9]} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, func(conf *Config) { conf.Timing.Handshake = time.Second })
			node := c.start(0)
			r, err := c.rawDial(c.keys[1])
			if err != nil {
				t.Fatal(err)
			}
			r.write(said)
			if err := r.closed(); !remoteCode(err, codeRefused) {
				t.Errorf("closed with %v", err)
			}
			eventually(t, "counted", func() bool { return node.Stats().Refused[CauseHello] == 1 })
		})
	}
}

// A peer that dials again and again holds one seat.
func TestOneGuest(t *testing.T) {
	c := newCluster(t, 2, func(conf *Config) { conf.Timing.Handshake = patience })
	c.start(0)
	first, err := c.rawDial(c.keys[1])
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.rawDial(c.keys[1])
	if err != nil {
		t.Fatal(err)
	}
	// The one that was accepted first goes; they may overtake each other.
	select {
	case <-first.conn.Context().Done():
		err = first.closed()
	case <-second.conn.Context().Done():
		err = second.closed()
	case <-time.After(patience):
		t.Fatal("both may stay")
	}
	if !remoteCode(err, codeReplaced) {
		t.Errorf("closed with %v", err)
	}
}

// A handler that reads just what was announced does not see what comes after
// it; it counts all the same.
func TestPushGoesOnUnread(t *testing.T) {
	c := newCluster(t, 2, func(conf *Config) {
		conf.OnPush = func(_ context.Context, _ bft.ID, _ []byte, size int64, body io.Reader) error {
			_, err := io.ReadFull(body, make([]byte, size))
			return err
		}
	})
	c.start(0)
	r := c.rawLink()
	s, err := r.conn.OpenUniStreamSync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Write([]byte{0, 0, 0, 0, 0, 1, 'a', 'b'})
	s.Close()
	if err := r.closed(); !remoteCode(err, codeViolation) {
		t.Errorf("closed with %v", err)
	}
}

// A hostile position holds back or skips what that peer gets, and nothing else.
func TestHostilePosition(t *testing.T) {
	c := newCluster(t, 2, nil)
	node := c.start(0)
	r := c.rawLink()
	r.write(appendFrame(nil, encodeFrame(Position{1<<64 - 1, 1<<64 - 1}, nil)))
	node.until(t, "the position", func(e Event) bool { return e.Position.Certified == 1<<64-1 })
	node.Send(Outgoing{Epoch: 1, To: 1, Msg: []byte("skipped")}, Outgoing{To: bft.Everyone, Msg: []byte("sent")})
	body, err := r.readFrame()
	if err != nil {
		t.Fatal(err)
	}
	if _, msgs, err := decodeFrame(body); err != nil || len(msgs) != 1 || string(msgs[0]) != "sent" {
		t.Errorf("got %q, %v", msgs, err)
	}
}
