package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"abad/api/wire"
	"abad/batch"
)

func TestFlagsFirst(t *testing.T) {
	for _, test := range []struct{ given, want string }{
		{"abad", "abad"},
		{"abad submit", "abad submit"},
		{"abad submit hello --json", "abad submit --json -- hello"},
		{"abad submit hello --timeout 3s you", "abad submit --timeout 3s -- hello you"},
		{"abad submit hello --timeout=3s", "abad submit --timeout=3s -- hello"},
		{"abad submit --json - --api u", "abad submit --json --api u -- -"},
		{"abad submit -- --json", "abad submit -- --json"},
		{"abad submit --json -- -- x", "abad submit --json -- -- x"},
		{"abad submit hello --timeout", "abad submit --timeout"}, // its value is missing: not "--"
		{"abad frobnicate x --json", "abad frobnicate x --json"},
	} {
		got := strings.Join(flagsFirst(newApp(), strings.Fields(test.given)), " ")
		if got != test.want {
			t.Errorf("%q becomes %q, not %q", test.given, got, test.want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"init", "start", "submit", "log", "status"}
	for given, want := range map[string]string{
		"statsu": "status", "Submit": "submit", "sub": "submit", "lg": "log", "int": "init",
		"frobnicate": "", "logarithm": "", "xyz": "",
	} {
		if got := nearest(given, names); got != want {
			t.Errorf("%q is near to %q, not %q", given, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for given, want := range map[string]string{
		"hello world": "hello world", "grüß": "grüß", "": `""`, `"quoted"`: `"\"quoted\""`,
		"two\nlines": `"two\nlines"`, "\x1b[31mred": `"\x1b[31mred"`, "\xff": `"\xff"`, "a\u202eb": `"a\u202eb"`,
	} {
		if got := plain([]byte(given)); got != want {
			t.Errorf("%q is shown as %s, not %s", given, got, want)
		}
	}
}

// A line may be as long as the largest value; one byte more is refused without
// being kept, and the next line is read all the same.
func TestLines(t *testing.T) {
	long := strings.Repeat("x", batch.MaxSize-1) // with its end the largest
	input := "one\n\n" + long + "\n" + long + "y\n" + "last"
	var got []string
	for line, err := range lines(strings.NewReader(input)) {
		if err != nil {
			if !errors.Is(err, errLine) {
				t.Fatal(err)
			}
			line = []byte("refused")
		}
		got = append(got, string(line[:min(len(line), 10)]))
	}
	if want := []string{"one", "", "xxxxxxxxxx", "refused", "last"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	if n, err := b.Reader.Read(p); err == nil {
		return n, nil
	}
	return 0, io.ErrUnexpectedEOF
}

// A cut-off last line is not a value: nobody knows what was to come.
func TestLinesOfABrokenInput(t *testing.T) {
	var got []string
	var last error
	for line, err := range lines(broken{strings.NewReader("one\ntw")}) {
		if last = err; err == nil {
			got = append(got, string(line))
		}
	}
	if !slices.Equal(got, []string{"one"}) || !errors.Is(last, io.ErrUnexpectedEOF) {
		t.Errorf("%q, and then %v", got, last)
	}
}

func TestPrefixer(t *testing.T) {
	var out bytes.Buffer
	p := &prefixer{prefix: "node0 | ", lock: &sync.Mutex{}, out: &out}
	for _, piece := range []string{"a", "b\nc\n", "\n", "d"} {
		fmt.Fprint(p, piece)
	}
	p.end()
	if want := "node0 | ab\nnode0 | c\nnode0 | \nnode0 | d\n"; out.String() != want {
		t.Errorf("%q, not %q", out.String(), want)
	}
	out.Reset()
	p.Write(bytes.Repeat([]byte("x"), longestLine+1))
	if len(p.line) > longestLine {
		t.Errorf("%d bytes wait for the end of a line", len(p.line))
	}
}

// The demo succeeds only if every value is in the log once.
func TestExactlyOnce(t *testing.T) {
	a, b, c := batch.ValueID{1}, batch.ValueID{2}, batch.ValueID{3}
	want := map[batch.ValueID]string{a: "a", b: "b"}
	first, second := wire.Entry{Block: 1, ID: a, Value: []byte("a")}, wire.Entry{Block: 1, Index: 1, ID: b, Value: []byte("b")}
	for name, test := range map[string]struct {
		log []wire.Entry
		bad string
	}{
		"right":      {[]wire.Entry{first, second}, ""},
		"missing":    {[]wire.Entry{first}, "is missing"},
		"twice":      {[]wire.Entry{first, second, first}, "is in the log twice"},
		"unknown":    {[]wire.Entry{first, {ID: c, Value: []byte("c")}}, "was never submitted"},
		"other text": {[]wire.Entry{first, {ID: b, Value: []byte("x")}}, `is "x", not "b"`},
	} {
		err := exactlyOnce(test.log, want)
		if err == nil && test.bad != "" || err != nil && (test.bad == "" || !strings.Contains(err.Error(), test.bad)) {
			t.Errorf("%s: %v, not %q", name, err, test.bad)
		}
	}
	if logHash([]wire.Entry{first, second}) == logHash([]wire.Entry{second, first}) {
		t.Error("the hash of a log does not depend on its order")
	}
}

// Who reads at the node at once does not find a value that is ahead, so its line says so.
func TestReceiptLine(t *testing.T) {
	var out strings.Builder
	s := submitter{out: &out}
	for _, ahead := range []bool{false, true} {
		if err := s.print(wire.Receipt{Block: 3, Index: 1, MS: 2.5, Ahead: ahead}); err != nil {
			t.Fatal(err)
		}
	}
	const place = "3 1 00000000000000000000000000000000 2.5ms"
	if want := place + "\n" + place + " ahead\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
