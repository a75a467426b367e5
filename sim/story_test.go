package sim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// traced runs a seed and reads its trace.
func traced(t *testing.T, o Options) []Record {
	t.Helper()
	var file bytes.Buffer
	o.Trace = &file
	if _, err := Run(o); err != nil {
		t.Fatal(err)
	}
	trace, err := ReadTrace(&file)
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// The story of a slot in lock-step: the header, its echoes, READY by Echo, and the
// decision on the first votes of all nodes.
func TestStory(t *testing.T) {
	o := Options{Seed: 1, Nodes: 4, Faulty: 0, Epochs: 1, Adversary: lockStep, Coin: CommonCoin}
	trace := traced(t, o)
	var story strings.Builder
	if err := Explain(&story, trace, View{Epoch: 1, Slot: -1, Node: -1}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		o.Command(), "says VAL(", "it opens the epoch and proposes this header",
		", and Echo is 3", "commits block 1", "events: clean",
	} {
		if !strings.Contains(story.String(), want) {
			t.Errorf("the story lacks %q:\n%s", want, story.String())
		}
	}
	for _, r := range trace {
		if r.Do == doSays && newBook(mustQuorum(t, 4)).why(r) == "?" {
			t.Errorf("no rule for %s", r.Kind)
		}
	}
}

// Grounds are never short: whatever is said by a quorum's rule is said with that
// quorum in hand, in runs with common coins too.
func TestGroundsSuffice(t *testing.T) {
	coins := false
	for seed := range uint64(60) {
		o := Defaults(seed)
		o.Nodes, o.Faulty, o.Epochs, o.Adversary, o.Byzantine = 4, 1, 4, split, []string{twoFaced}
		trace := traced(t, o)
		crashed := false
		b := newBook(mustQuorum(t, 4))
		for _, r := range trace {
			crashed = crashed || r.Do == doNote && strings.Contains(r.Text, "crash")
			if r.Do == doSays && !crashed {
				coins = coins || r.Kind == "SHARE"
				why := b.why(r)
				for _, short := range []string{"nobody, and", "READY of nodes [3], and", "does not show"} {
					if strings.Contains(why, short) {
						t.Fatalf("seed %d, step %d: node %d says %s: %s", seed, r.Step, r.Node, words(r), why)
					}
				}
			}
			b.note(r)
		}
	}
	if !coins {
		t.Error("no run came to a common coin")
	}
}

// A diagram is well-formed XML and shows what the view shows.
func TestDiagram(t *testing.T) {
	trace := traced(t, Options{Seed: 1, Nodes: 4, Faulty: 1, Epochs: 2, Adversary: randomOrder, Byzantine: []string{"flip"}, Coin: CommonCoin})
	var svg strings.Builder
	if err := Diagram(&svg, trace, View{Epoch: 1, Slot: 0, Node: -1}); err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(strings.NewReader(svg.String()))
	lines := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "line" {
			lines++
		}
	}
	if lines < 20 || strings.Contains(svg.String(), "epoch 2") {
		t.Errorf("%d lines", lines)
	}
}

// FuzzReadTrace: a trace comes from a file, and a file from anywhere.
func FuzzReadTrace(f *testing.F) {
	var file bytes.Buffer
	o := Options{Seed: 1, Nodes: 1, Epochs: 1, Adversary: randomOrder, Coin: CommonCoin, Trace: &file}
	if _, err := Run(o); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte(`{"do":"plan","plan":{"nodes":4}}{"do":"says","kind":"BVAL","round":4294967295}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		trace, err := ReadTrace(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := Explain(io.Discard, trace, View{Slot: -1, Node: -1}); err != nil {
			t.Error(err)
		}
		if err := Diagram(io.Discard, trace, View{Slot: -1, Node: -1}); err != nil {
			t.Error(err)
		}
	})
}
