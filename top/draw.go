package top

import (
	"fmt"
	"io"
	"strings"

	"abad/api/wire"
	"abad/survey"
)

// bars are the eight heights of a plot of one line.
var bars = []rune(" ▁▂▃▄▅▆▇█")

// plot draws the last values in a line; the highest fills it.
func plot(values []float64) string {
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	line := make([]rune, len(values))
	for i, v := range values {
		line[i] = bars[0]
		if v > 0 {
			line[i] = bars[1+int(v/most*float64(len(bars)-2))]
		}
	}
	return string(line)
}

// The signs of a slot: how far its broadcast and its agreement are.
const legend = "· nothing yet  V header  E echoed  R ready  A agreement  1 in  0 out"

// sign is the furthest that a slot has come.
func sign(s wire.Slot, t wire.Thresholds) rune {
	switch {
	case s.Decided && s.Accepted:
		return '1'
	case s.Decided:
		return '0'
	case len(s.Aux) > 0:
		return 'A'
	case len(s.Ready) >= max(t.Deliver, 1):
		return 'R'
	case len(s.Echo) >= max(t.Echo, 1):
		return 'E'
	case s.Val:
		return 'V'
	}
	return '·'
}

func signs(e wire.EpochView, t wire.Thresholds) string {
	line := make([]rune, len(e.Slots))
	for i, s := range e.Slots {
		line[i] = sign(s, t)
	}
	return string(line)
}

// progress says how many slots of an epoch are decided, and since when it runs.
func progress(e wire.EpochView) string {
	decided, in, rounds := 0, 0, 0
	for _, s := range e.Slots {
		if s.Decided {
			decided++
		}
		if s.Accepted {
			in++
		}
		rounds = max(rounds, s.Rounds)
	}
	text := fmt.Sprintf("%d of %d decided, %d in", decided, len(e.Slots), in)
	if rounds > 1 {
		text += fmt.Sprintf(", up to %d rounds", rounds)
	}
	if e.For > 0 {
		text += fmt.Sprintf(", %.1fms", e.For)
	}
	return text
}

// title names the cluster.
func (s Sample) title() string {
	best := s.best()
	if best < 0 {
		return "abad top"
	}
	st := s.Survey.Answers[best].Status
	return fmt.Sprintf("abad top  cluster %s  era %d  %d nodes, %d may be faulty", st.Cluster.Short(), st.Era, st.Nodes, st.Faulty)
}

func (s Sample) clock() string { return s.Survey.Time.Format("15:04:05") }

// speedLine and latencyLine are the figures beside the plots.
func (s Sample) speedLine() string {
	values, _, _ := s.series()
	return fmt.Sprintf("%.1f values/s", speed(values))
}

func (s Sample) latencyLine() string {
	_, mean, most := s.series()
	m, worst, ok := latency(mean, most)
	if !ok {
		return "no block lately"
	}
	return fmt.Sprintf("%.1fms mean, %.1fms most", m, worst)
}

// Print writes one picture without colors, for a pipe or a file.
func (s Sample) Print(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s\n\n", s.title(), s.clock(), s.Survey.Verdict())
	if err := s.Survey.Print(&b); err != nil {
		return err
	}
	for _, p := range s.Survey.Problems() {
		fmt.Fprintf(&b, "problem: %s\n", p.Text)
	}
	if s.Reporter >= 0 {
		fmt.Fprintf(&b, "\nnode %d, last %d seconds: %s, block latency %s\n", s.Reporter, recent, s.speedLine(), s.latencyLine())
		for _, e := range s.epochs() {
			fmt.Fprintf(&b, "epoch %d  %s  %s\n", e.Epoch, signs(e, s.Epochs.Thresholds), progress(e))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// table is the header and the rows of the nodes, column by column, what matters most
// on the left: a narrow terminal shows only that.
func (s Sample) table() [][]string {
	rows := [][]string{{"node", "state", "height", "sees " + s.Survey.Ruler(), "rtt", "open", "certified", "faults", "api"}}
	for _, r := range s.Survey.Rows() {
		rows = append(rows, []string{r.Node, r.State, r.Height, "     " + r.Sees, r.RTT, r.Open, r.Certified, r.Faults, r.Name})
	}
	return rows
}

// good reports whether nothing is wrong with the node of a row.
func good(a survey.Answer) bool { return a.Err == nil && a.Status.Ready }
