package wire

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	long := strings.Repeat("x", MaxReason+5)
	list := []Answer{
		{Kind: Placed, Block: 1<<63 + 5, Index: 7, Micros: 1234},
		{Kind: Refused, Status: 413, Reason: "too large"},
		{Kind: Ahead, Block: 9, Index: 8, Micros: 7},
		{Kind: Ended, Status: 503},
		{Kind: Refused, Status: 400, Reason: long[:MaxReason]},
	}
	var buf []byte
	for _, a := range list {
		buf = a.Append(buf)
	}
	in := bufio.NewReader(bytes.NewReader(buf))
	for _, want := range list {
		if got, err := ReadAnswer(in); err != nil || got != want {
			t.Fatalf("%+v %v, want %+v", got, err, want)
		}
	}
	if _, err := ReadAnswer(in); err != io.EOF {
		t.Fatal(err)
	}
	if a, err := ReadAnswer(bufio.NewReader(bytes.NewReader(Answer{Kind: Ended, Reason: long}.Append(nil)))); err != nil || a.Reason != long[:MaxReason] {
		t.Fatalf("a long reason: %v", err)
	}
}

// What is read is what was written, and nothing is more than it may be.
func FuzzAnswer(f *testing.F) {
	f.Add(Answer{Kind: Placed, Block: 3, Index: 4, Micros: 5}.Append(nil))
	f.Add(Answer{Kind: Refused, Status: 409, Reason: "taken"}.Append(nil))
	f.Add([]byte{3, 0, 0, 4, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bufio.NewReader(bytes.NewReader(data))
		a, err := ReadAnswer(in)
		if err != nil {
			if err == io.EOF && len(data) > 0 {
				t.Fatalf("the end of %x is in the middle of an answer", data)
			}
			return
		}
		if again := a.Append(nil); !bytes.Equal(again, data[:len(again)]) {
			t.Fatalf("%x became %x", data, again)
		}
	})
}
