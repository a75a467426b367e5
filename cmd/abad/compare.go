package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"abad/api/wire"
	"abad/batch"
	"abad/bft"
)

// shownHash is how many hexadecimal digits of a hash tell blocks apart for a
// reader; programs compare whole ones.
const shownHash = 10

// showBlocks waits until every live node has the blocks of all values so far and
// shows each block's hash as each node has it.
func (s *story) showBlocks(ctx context.Context) error {
	live, first, last := s.live(), s.shown+1, uint64(0)
	for _, v := range s.sent {
		last = max(last, v.receipt.Block)
	}
	s.shown = last
	hashes := make([][]bft.Hash, len(live))
	counts := make([]uint64, last-first+1)
	for i, node := range live {
		if err := awaitStatus(ctx, s.clients[node], func(st wire.Status) bool { return st.Height >= last }); err != nil {
			return fmt.Errorf("node %d: %w", node, err)
		}
		for height := first; height <= last; height++ {
			b, err := s.clients[node].Block(ctx, height)
			if err != nil {
				return fmt.Errorf("node %d: block %d: %w", node, height, err)
			}
			hashes[i] = append(hashes[i], b.Hash)
			counts[height-first] = b.Values
		}
	}
	s.say("")
	s.table(func(w io.Writer) {
		fmt.Fprint(w, "  block\tvalues")
		for _, node := range live {
			fmt.Fprintf(w, "\tnode %d", node)
		}
		for height := first; height <= last; height++ {
			fmt.Fprintf(w, "\n  %d\t%d", height, counts[height-first])
			for i := range live {
				fmt.Fprintf(w, "\t%s", hashes[i][height-first].String()[:shownHash])
			}
		}
		fmt.Fprintln(w)
	})
	for i := range live {
		if !slices.Equal(hashes[i], hashes[0]) {
			return fmt.Errorf("nodes %d and %d have different blocks", live[0], live[i])
		}
	}
	return nil
}

// compare reads the whole log of every live node and checks that they are one.
func (s *story) compare(ctx context.Context) error {
	live := s.live()
	s.chapter("the logs of nodes %s, value by value", numbers(live))
	want := make(map[batch.ValueID]string)
	for _, v := range s.sent {
		want[v.id] = v.text
	}
	var logs [][]wire.Entry
	for _, node := range live {
		var log []wire.Entry
		err := readLog(ctx, s.clients[node], wire.Position{Block: 1}, 0, func(e wire.Entry) error {
			log = append(log, e)
			return nil
		})
		if err != nil {
			return fmt.Errorf("log of node %d: %w", node, err)
		}
		logs = append(logs, log)
	}
	s.table(func(w io.Writer) {
		for i, node := range live {
			fmt.Fprintf(w, "  node %d\t%d values\tsha-256 %s\n", node, len(logs[i]), logHash(logs[i])[:2*shownHash])
		}
	})
	for i, log := range logs {
		if err := exactlyOnce(log, want); err != nil {
			return fmt.Errorf("log of node %d: %w", live[i], err)
		}
		if logHash(log) != logHash(logs[0]) {
			return fmt.Errorf("the logs of nodes %d and %d differ", live[0], live[i])
		}
	}
	s.summary(live)
	return nil
}

func (s *story) summary(live []int) {
	s.chapter("the same log on %d of %d nodes, every value exactly once", len(live), len(s.nodes))
	s.table(func(w io.Writer) {
		fmt.Fprintln(w, "  latency\tvalues\tmedian\tmost")
		for _, row := range []struct {
			name string
			of   []*submission
		}{
			{fmt.Sprintf("%d nodes", len(s.nodes)), s.early},
			{"idle cluster", []*submission{s.alone}},
			{fmt.Sprintf("%d nodes, one dead", len(s.nodes)-1), s.late},
		} {
			var took []float64
			for _, v := range row.of {
				took = append(took, v.receipt.MS)
			}
			slices.Sort(took)
			fmt.Fprintf(w, "  %s\t%d\t%s\t%s\n", row.name, len(took), milliseconds(took[len(took)/2]), milliseconds(took[len(took)-1]))
		}
	})
}

// exactlyOnce checks that a log holds the wanted values and nothing else.
func exactlyOnce(log []wire.Entry, want map[batch.ValueID]string) error {
	seen := make(map[batch.ValueID]bool)
	for _, e := range log {
		text, known := want[e.ID]
		switch {
		case !known:
			return fmt.Errorf("value %s at %v was never submitted", e.ID, e.Position())
		case seen[e.ID]:
			return fmt.Errorf("value %s at %v is in the log twice", e.ID, e.Position())
		case string(e.Value) != text:
			return fmt.Errorf("value %s at %v is %q, not %q", e.ID, e.Position(), e.Value, text)
		}
		seen[e.ID] = true
	}
	for id, text := range want {
		if !seen[id] {
			return fmt.Errorf("value %s, %q, is missing", id, text)
		}
	}
	return nil
}

// logHash is SHA-256 over every value with its place and id, in hexadecimal.
func logHash(log []wire.Entry) string {
	h := sha256.New()
	for _, e := range log {
		var head []byte
		head = binary.BigEndian.AppendUint64(head, e.Block)
		head = binary.BigEndian.AppendUint64(head, e.Index)
		head = append(head, e.ID[:]...)
		head = binary.BigEndian.AppendUint64(head, uint64(len(e.Value)))
		h.Write(head)
		h.Write(e.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func numbers(nodes []int) string {
	var text []string
	for _, n := range nodes {
		text = append(text, fmt.Sprint(n))
	}
	return strings.Join(text, ", ")
}
