package net

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"abad/bft"
)

func readerOf(data []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(data)) }

func TestFrameLimits(t *testing.T) {
	largest := appendFrame(nil, make([]byte, maxFrame))
	if body, err := readFrame(readerOf(largest), nil, maxFrame); err != nil || len(body) != maxFrame {
		t.Errorf("the largest frame: %v", err)
	}
	fits := encodeFrame(Position{1<<64 - 1, 1<<64 - 1}, [][]byte{make([]byte, MaxMessage)})
	if len(fits) > maxFrame {
		t.Errorf("MaxMessage makes a frame of %d bytes", len(fits))
	}
	if n := len(hello{Version: 1 << 63, Cluster: bft.Sum(nil), Era: 1 << 63, Node: 1 << 63, Committed: 1 << 63, Certified: 1 << 63}.encode()) - lengthSize; n > maxHello {
		t.Errorf("a HELLO of %d bytes, limit %d", n, maxHello)
	}
	var bad *violation
	for name, data := range map[string][]byte{
		"one too long":   appendFrame(nil, make([]byte, maxFrame+1)),
		"empty":          appendFrame(nil, nil),
		"length cut off": {0, 0, 0},
		"body cut off":   {0, 0, 0, 2, 1},
		"no body":        {0, 0, 0, 2},
	} {
		if _, err := readFrame(readerOf(data), nil, maxFrame); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readFrame(readerOf(nil), nil, maxFrame); err != io.EOF {
		t.Errorf("an end between frames: %v", err)
	}
}

func TestFrameReusesItsBuffer(t *testing.T) {
	buf := make([]byte, 0, 64)
	body, err := readFrame(readerOf(appendFrame(nil, []byte("abc"))), buf, maxFrame)
	if err != nil || string(body) != "abc" || &body[0] != &buf[:1][0] {
		t.Errorf("%q, %v", body, err)
	}
	// Messages must not alias the buffer, which the next frame overwrites.
	encoded := encodeFrame(Position{}, [][]byte{[]byte("message")})
	_, msgs, err := decodeFrame(encoded)
	if err != nil {
		t.Fatal(err)
	}
	clear(encoded)
	if string(msgs[0]) != "message" {
		t.Errorf("message became %q", msgs[0])
	}
}

func TestFrameWithTooManyMessages(t *testing.T) {
	_, msgs, err := decodeFrame(encodeFrame(Position{}, make([][]byte, frameMessages)))
	if err != nil || len(msgs) != frameMessages {
		t.Errorf("as many as we send: %d, %v", len(msgs), err)
	}
	if _, _, err := decodeFrame(encodeFrame(Position{}, make([][]byte, 1<<16+1))); err == nil {
		t.Error("more than codec allows")
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(encodeFrame(Position{}, nil))
	f.Add(encodeFrame(Position{3, 2}, [][]byte{[]byte("abc"), {}, make([]byte, 300)}))
	f.Fuzz(func(t *testing.T, body []byte) {
		at, msgs, err := decodeFrame(body)
		if err != nil {
			return
		}
		at2, msgs2, err := decodeFrame(encodeFrame(at, msgs))
		if err != nil || at2 != at || len(msgs2) != len(msgs) {
			t.Fatalf("%+v %q came back as %+v %q: %v", at, msgs, at2, msgs2, err)
		}
		for i := range msgs {
			if !bytes.Equal(msgs[i], msgs2[i]) {
				t.Fatalf("%q came back as %q", msgs[i], msgs2[i])
			}
		}
	})
}

func FuzzHello(f *testing.F) {
	own := hello{Version: version, Cluster: bft.Sum(nil), Era: 1, Node: 0}
	f.Add(own.encode())
	f.Add(hello{Version: version, Cluster: bft.Sum(nil), Era: 1, Node: 5, Committed: 1 << 40, Certified: 7}.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := readHello(readerOf(data))
		if err != nil {
			return
		}
		again, err := readHello(readerOf(h.encode()))
		if err != nil || again != h {
			t.Fatalf("%+v came back as %+v: %v", h, again, err)
		}
		if err := h.check(own, 5); err != nil && len(err.Error()) > maxText {
			t.Fatalf("reason %q", err)
		}
	})
}

func FuzzPushHead(f *testing.F) {
	f.Add([]byte{0, 3, 'a', 'b', 'c', 0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		head, size, err := readPushHead(bytes.NewReader(data), 1<<20)
		if err == nil && (len(head) > MaxHead || size < 0 || size > 1<<20) {
			t.Fatalf("a head of %d bytes, a body of %d", len(head), size)
		}
	})
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte{answered, 0, 0, 0, 2, 'o', 'k'})
	f.Add([]byte{declined, 0, 0, 0, 2, 'n', 'o'})
	f.Fuzz(func(t *testing.T, data []byte) {
		first, body, err := readBlock(bytes.NewReader(data), 1000, func(int) {})
		if err == nil && (len(body) > 1000 || len(data) != requestHead+len(body) || first != data[0]) {
			t.Fatalf("%d, %d bytes of %d", first, len(body), len(data))
		}
	})
}

func TestBlockLimits(t *testing.T) {
	block := func(first byte, size int, body string) []byte {
		return append([]byte{first, 0, 0, byte(size >> 8), byte(size)}, body...)
	}
	long := strings.Repeat("x", maxText)
	for name, test := range map[string]struct {
		data  []byte
		limit int
		ok    bool
	}{
		"at the limit":         {block(answered, 3, "abc"), 3, true},
		"over the limit":       {block(answered, 3, "abc"), 2, false},
		"negative limit":       {block(answered, 1, "a"), -1, false},
		"nothing":              {block(answered, 0, ""), 0, true},
		"declined over it":     {block(declined, len(long), long), 0, true},
		"declined at length":   {block(declined, len(long)+1, long+"x"), 0, false},
		"cut off":              {block(answered, 3, "ab"), 3, false},
		"goes on":              {block(answered, 3, "abcd"), 3, false},
		"goes on from nothing": {block(answered, 0, "a"), 3, false},
		"no length":            {[]byte{answered, 0}, 3, false},
		"empty":                {nil, 3, false},
	} {
		if _, _, err := readBlock(bytes.NewReader(test.data), test.limit, func(int) {}); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPushHeadLimits(t *testing.T) {
	head := make([]byte, MaxHead)
	for name, test := range map[string]struct {
		data []byte
		ok   bool
	}{
		"largest":        {append(append([]byte{4, 0}, head...), 0, 0, 1, 0), true},
		"head too long":  {append(append([]byte{4, 1}, head...), 0, 0, 0, 0, 0), false},
		"body too large": {[]byte{0, 0, 0, 0, 1, 1}, false},
	} {
		_, size, err := readPushHead(bytes.NewReader(test.data), 256)
		if (err == nil) != test.ok || test.ok && size != 256 {
			t.Errorf("%s: %d, %v", name, size, err)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	msgs := make([][]byte, 64)
	for i := range msgs {
		msgs[i] = bytes.Repeat([]byte{byte(i)}, 60)
	}
	encoded := encodeFrame(Position{100, 99}, msgs)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(encoded)))
		for b.Loop() {
			encodeFrame(Position{100, 99}, msgs)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(encoded)))
		for b.Loop() {
			if _, _, err := decodeFrame(encoded); err != nil {
				b.Fatal(err)
			}
		}
	})
}
