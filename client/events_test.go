package client_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"abad/client"
)

func TestEvents(t *testing.T) {
	type list = []client.Event
	for _, c := range []struct {
		name, text string
		want       list
	}{
		{"nothing", "", nil},
		{"one", "id: 1.0\nevent: value\ndata: x\n\n", list{{"1.0", "value", "x"}}},
		{"no space", "id:1\ndata:x\n\n", list{{"1", "", "x"}}},
		{"one space only", "data:  x \n\n", list{{"", "", " x "}}},
		{"lines", "data: a\ndata\ndata: b\n\n", list{{"", "", "a\n\nb"}}},
		{"empty data", "data\n\n", list{{"", "", ""}}},
		{"id stays", "id: 1\ndata: a\n\ndata: b\n\n", list{{"1", "", "a"}, {"1", "", "b"}}},
		{"name goes", "event: e\ndata: a\n\ndata: b\n\n", list{{"", "e", "a"}, {"", "", "b"}}},
		{"no data is no event", "event: e\nid: 3\n\ndata: b\n\n", list{{"3", "", "b"}}},
		{"comments", ": hi\n\n:\ndata: a\n:data: b\n\n", list{{"", "", "a"}}},
		{"unknown", "retry: 1\nnonsense\nDATA: x\ndata: a\n\n", list{{"", "", "a"}}},
		{"null in id", "id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\n", list{{"1", "", "a"}, {"1", "", "b"}}},
		{"cut", "data: a\n\ndata: b\n", list{{"", "", "a"}}},
		{"cr", "data: a\rdata: b\r\rdata: c\r\r", list{{"", "", "a\nb"}, {"", "", "c"}}},
		{"crlf", "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", list{{"", "", "a\nb"}, {"", "", "c"}}},
		{"mixed", "data: a\r\n\rdata: b\n\r\n", list{{"", "", "a"}, {"", "", "b"}}},
		{"byte order mark", "\ufeffdata: a\n\n\ufeffdata: b\n\n", list{{"", "", "a"}}},
	} {
		for kind, r := range map[string]io.Reader{"whole": strings.NewReader(c.text), "by bytes": iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := client.ReadEvents(r, 1000)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s, %s: %q %v, want %q", c.name, kind, got, err, c.want)
			}
		}
	}
}

// An event may have so many bytes and no more, in whichever lines.
func TestEventSize(t *testing.T) {
	const most = 100_000
	long := strings.Repeat("x", most-len("data: \n"))
	got, err := client.ReadEvents(strings.NewReader("data: "+long+"\n\n"), most)
	if err != nil || len(got) != 1 || got[0].Data != long {
		t.Errorf("at the limit: %d events, %v", len(got), err)
	}
	for name, text := range map[string]string{
		"one line":  "data: " + long + "x\n\n",
		"no end":    strings.Repeat("x", 10*most),
		"lines":     strings.Repeat("data\n", most),
		"comments":  strings.Repeat(":\n", most),
		"two lines": "data: " + long[:most/2] + "\ndata: " + long[:most/2] + "\n\n",
	} {
		if _, err := client.ReadEvents(strings.NewReader(text), most); !errors.Is(err, client.ErrEventSize) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Each event alone counts.
	many, err := client.ReadEvents(strings.NewReader(strings.Repeat(":\n\ndata: x\n\n", most)), 100)
	if err != nil || len(many) != most {
		t.Errorf("%d events, %v", len(many), err)
	}
}

// oracle reads a whole text the way the standard's grammar says it.
func oracle(text string) (list []client.Event) {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(text, "\n")
	id, name, data := "", "", []string(nil)
	for _, line := range lines[:len(lines)-1] { // the last one has no end
		if line == "" {
			if data != nil {
				list = append(list, client.Event{ID: id, Name: name, Data: strings.Join(data, "\n")})
			}
			name, data = "", nil
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "data":
			data = append(data, value)
		case field == "event":
			name = value
		case field == "id" && !strings.Contains(value, "\x00"):
			id = value
		}
	}
	return list
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("retry: 1000\n\nid: 12.3\nevent: value\ndata: {\"block\":12,\"index\":3,\"id\":\"00\",\"value\":\"eA==\"}\n\n:\n\n"), uint8(1))
	f.Add([]byte("\ufeffdata: a\r\n\r\ndata\rdata:b\r\r"), uint8(3))
	f.Add([]byte("id: \x00\n:\nevent:e\n\ndata:x"), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, chunk uint8) {
		got, err := client.ReadEvents(&chunks{bytes.NewReader(text), int(chunk)%7 + 1}, len(text)+1)
		if want := oracle(string(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q %v, want %q", got, err, want)
		}
		small, err := client.ReadEvents(bytes.NewReader(text), 16)
		if err != nil && !errors.Is(err, client.ErrEventSize) {
			t.Fatal(err)
		}
		for i, ev := range small {
			if ev != got[i] || len(ev.Data) > 16 {
				t.Fatalf("within 16 bytes: %q, else %q", ev, got[i])
			}
		}
	})
}

// chunks reads a few bytes at a time.
type chunks struct {
	in   io.Reader
	size int
}

func (c *chunks) Read(p []byte) (int, error) { return c.in.Read(p[:min(len(p), c.size)]) }

func BenchmarkEvents(b *testing.B) {
	one := "id: 12.3\nevent: value\ndata: " + strings.Repeat("x", 400) + "\n\n"
	text := strings.Repeat(one, 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if got, err := client.ReadEvents(strings.NewReader(text), 1000); err != nil || len(got) != 1000 {
			b.Fatal(err)
		}
	}
}
