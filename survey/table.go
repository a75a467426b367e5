package survey

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"abad/api/wire"
)

// Row is a node as a table shows it.
type Row struct {
	Node, State, Height, Certified, Open, RTT, Faults, Sees, Name string
}

// Rows are the nodes in the order of the targets.
func (s *Survey) Rows() []Row {
	var rows []Row
	for _, a := range s.Answers {
		rows = append(rows, s.row(a))
	}
	return rows
}

func (s *Survey) row(a Answer) Row {
	r := Row{Node: "?", State: "no answer", Height: "-", Certified: "-", Open: "-", RTT: "-", Faults: "-", Name: a.Name}
	if a.Node >= 0 {
		r.Node = fmt.Sprint(a.Node)
	}
	r.Sees = s.Sees(a)
	if a.Err != nil {
		return r
	}
	st := a.Status
	r.State, r.Height, r.Certified = State(st), fmt.Sprint(st.Height), fmt.Sprint(st.Certified)
	r.Open = fmt.Sprint(len(st.Open))
	if rtt, ok := medianRTT(st); ok {
		r.RTT = fmt.Sprintf("%.1fms", rtt)
	}
	var faults uint64
	for _, p := range st.Peers {
		faults += p.Faults
	}
	r.Faults = fmt.Sprint(faults)
	return r
}

// State is one word or two for how a node is.
func State(s wire.Status) string {
	switch {
	case s.Ready:
		return "ready"
	case s.Silent > 0:
		return "silent"
	case s.Behind > 0:
		return fmt.Sprintf("%d behind", s.Behind)
	}
	return "not ready"
}

func medianRTT(s wire.Status) (float64, bool) {
	var all []float64
	for _, p := range s.Peers {
		if p.Up {
			all = append(all, p.RTT)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	return all[len(all)/2], true
}

// The signs of [Survey.Sees].
const (
	SignSelf    = '.'
	SignUp      = '+'
	SignDown    = '-'
	SignUnknown = '?'
)

// Sees is a sign for each node of the roster: what this node says of its links.
func (s *Survey) Sees(a Answer) string {
	signs := make([]rune, s.Nodes())
	for n := range signs {
		signs[n] = SignUnknown
		if n == a.Node {
			signs[n] = SignSelf
		} else if p, ok := peer(a.Status, n); a.Err == nil && ok {
			signs[n] = SignDown
			if p.Up {
				signs[n] = SignUp
			}
		}
	}
	return string(signs)
}

// Ruler numbers the columns of [Survey.Sees], by the last digit of each node.
func (s *Survey) Ruler() string {
	var b strings.Builder
	for n := range s.Nodes() {
		fmt.Fprint(&b, n%10)
	}
	return b.String()
}

// Print writes the table of all nodes.
func (s *Survey) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	sees := strings.TrimSpace("sees " + s.Ruler())
	fmt.Fprintf(w, "node\tstate\theight\tcertified\topen\trtt\tfaults\t%s\tapi\n", sees)
	for _, r := range s.Rows() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Node, r.State, r.Height, r.Certified, r.Open, r.RTT, r.Faults,
			strings.Repeat(" ", len("sees "))+r.Sees, r.Name)
	}
	return w.Flush()
}

// Verdict is one line: how the cluster is, and what it can still lose.
func (s *Survey) Verdict() string {
	n := s.Nodes()
	if n == 0 {
		return "no node answers"
	}
	problems := len(s.Problems())
	text := "healthy"
	if problems > 0 {
		text = fmt.Sprintf("degraded, %d %s", problems, plural("problem", problems))
	}
	switch spare := s.Spare(); {
	case spare < 0:
		return text + fmt.Sprintf(": %d of %d nodes are bad, and the cluster survives %d", s.Bad(), n, spare+s.Bad())
	case spare == 0:
		return text + ": no further node may fail"
	default:
		return text + fmt.Sprintf(": %d more %s may fail", spare, plural("node", spare))
	}
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
