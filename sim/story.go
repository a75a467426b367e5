package sim

import (
	"fmt"
	"io"
	"strings"

	"abad/bft"
)

// View picks a part of a trace. Negative numbers and epoch 0 mean all.
type View struct {
	Epoch      uint64
	Slot, Node int
	Deliveries bool // also what is heard, not what is said alone
}

func (v View) shows(r Record) bool {
	if r.Do == doPlan || r.Do == doEnds {
		return true
	}
	about := r.Do == doHears || r.Do == doSays
	if v.Epoch != 0 && (r.Epoch != v.Epoch && about) || v.Slot >= 0 && (r.Slot != v.Slot || r.Kind == "CERT") && about {
		return false
	}
	if v.Node >= 0 && r.Node != v.Node && r.Do != doNote {
		return false
	}
	return r.Do == doSays || r.Do == doNote || v.Deliveries
}

// Explain tells a trace as a story: who says what, by which rule, on what grounds.
func Explain(out io.Writer, trace []Record, view View) error {
	cast := trace[0].Plan
	quorum, err := bft.NewQuorum(cast.Nodes)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTrace, err)
	}
	b := newBook(quorum)
	var text strings.Builder
	for _, r := range trace {
		why := ""
		if r.Do == doSays {
			why = b.why(r)
		}
		b.note(r)
		if view.shows(r) {
			tell(&text, r, why)
		}
	}
	_, err = io.WriteString(out, text.String())
	return err
}

func tell(out *strings.Builder, r Record, why string) {
	switch r.Do {
	case doPlan:
		fmt.Fprintf(out, "%s\n%s\n\n", r.Plan.Command, r.Plan.Text)
	case doEnds:
		fmt.Fprintf(out, "\nafter %d events: %s\n", r.Step, r.Text)
	case doNote:
		fmt.Fprintf(out, "%6d  --  %s\n", r.Step, r.Text)
	case doDoes:
		fmt.Fprintf(out, "%6d  node %d  does: %s\n", r.Step, r.Node, r.Text)
	case doHears:
		fmt.Fprintf(out, "%6d  node %d  hears %s of node %d, sent at %d\n", r.Step, r.Node, words(r), r.From, r.Sent)
	case doSays:
		fmt.Fprintf(out, "%6d  node %d  says %s: %s\n", r.Step, r.Node, words(r), why)
	}
}

// words names a message as the papers do.
func words(r Record) string {
	place := fmt.Sprintf(" [epoch %d, slot %d]", r.Epoch, r.Slot)
	switch r.Kind {
	case "VAL", "ECHO", "READY", "FETCH", "FOUND":
		first := ""
		if r.First {
			first = ", first"
		}
		return fmt.Sprintf("%s(%s%s)%s", r.Kind, r.Value, first, place)
	case "DECIDE":
		return fmt.Sprintf("DECIDE(%s)%s", r.Value, place)
	case "BVAL", "AUX", "CONF":
		return fmt.Sprintf("%s(%d,%s)%s", r.Kind, r.Round, r.Value, place)
	case "SHARE":
		return fmt.Sprintf("SHARE(%d)%s", r.Round, place)
	case "CERT":
		return fmt.Sprintf("CERT(%d)", r.Epoch)
	}
	return r.Kind
}
