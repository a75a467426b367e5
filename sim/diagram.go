package sim

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Layout of a space-time diagram, in pixels.
const (
	diagramStep   = 7 // one event
	diagramLane   = 90
	diagramMargin = 60
	// diagramMost keeps a diagram something that a browser can show.
	diagramMost = 20_000
)

// colours of the messages, by what they are for.
var colours = map[string]string{
	"VAL": "#1b6ca8", "ECHO": "#3fa7d6", "READY": "#0b8457", "FETCH": "#888", "FOUND": "#888",
	"BVAL": "#d08700", "AUX": "#c1440e", "CONF": "#8e3b8e", "SHARE": "#b5179e", "DECIDE": "#111", "CERT": "#bbb",
}

// Diagram draws the messages of a part of a trace as lines from where and when
// they were sent to where and when they were handled; time goes right, one step
// per event that is shown. Faulty nodes are red.
func Diagram(out io.Writer, trace []Record, view View) error {
	view.Deliveries = true
	shown, columns := []Record{}, map[int]int{}
	for _, r := range trace {
		if r.Do != doHears && r.Do != doSays || !view.shows(r) || len(shown) == diagramMost {
			continue
		}
		shown = append(shown, r)
		if _, known := columns[r.Step]; !known {
			columns[r.Step] = len(columns)
		}
	}
	d := &diagram{columns: columns, steps: slices.Sorted(maps.Keys(columns))}
	d.frame(trace[0].Plan)
	for _, r := range shown {
		d.draw(r)
	}
	d.legend(trace[0].Plan)
	d.text.WriteString("</svg>\n")
	_, err := io.WriteString(out, d.text.String())
	return err
}

type diagram struct {
	text    strings.Builder
	columns map[int]int // by step
	steps   []int
}

func (d *diagram) width() int { return 2*diagramMargin + diagramStep*len(d.steps) }

func (d *diagram) height(cast *Cast) int { return diagramMargin + diagramLane*cast.Nodes + 30 }

func (d *diagram) x(step int) int { return diagramMargin + diagramStep*d.column(step) }

// column is that of the first shown step from here on: what was sent at a step
// that is not shown begins there.
func (d *diagram) column(step int) int {
	if c, known := d.columns[step]; known {
		return c
	}
	low, high := 0, len(d.steps)
	for low < high {
		if mid := (low + high) / 2; d.steps[mid] < step {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func y(node int) int { return diagramMargin + diagramLane*node }

func (d *diagram) frame(cast *Cast) {
	fmt.Fprintf(&d.text, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		max(d.width(), 700), d.height(cast))
	fmt.Fprintf(&d.text, `<rect width="100%%" height="100%%" fill="white"/><text x="10" y="20">%s</text>`+"\n", escape(cast.Command))
	for id := range cast.Nodes {
		colour := "#444"
		for _, faulty := range cast.Faulty {
			if faulty == id {
				colour = "#c00"
			}
		}
		fmt.Fprintf(&d.text, `<text x="10" y="%d" fill="%s">node %d</text><line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s"/>`+"\n",
			y(id)+4, colour, id, diagramMargin, y(id), d.width()-diagramMargin/2, y(id), colour)
	}
}

func (d *diagram) draw(r Record) {
	colour, known := colours[r.Kind]
	if !known {
		return
	}
	at := d.x(r.Step)
	if r.Do == doHears {
		fmt.Fprintf(&d.text, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="0.8" opacity="0.6"><title>%s, node %d to node %d</title></line>`+"\n",
			d.x(r.Sent), y(r.From), at, y(r.Node), colour, escape(words(r)), r.From, r.Node)
		return
	}
	radius := 3
	if r.Kind == "DECIDE" || r.Kind == "CERT" {
		radius = 6
	}
	fmt.Fprintf(&d.text, `<circle cx="%d" cy="%d" r="%d" fill="%s"><title>node %d says %s at %d</title></circle>`+"\n",
		at, y(r.Node), radius, colour, r.Node, escape(words(r)), r.Step)
}

func (d *diagram) legend(cast *Cast) {
	x := diagramMargin
	for _, kind := range slices.Sorted(maps.Keys(colours)) {
		fmt.Fprintf(&d.text, `<circle cx="%d" cy="%d" r="5" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			x, d.height(cast)-20, colours[kind], x+9, d.height(cast)-16, kind)
		x += 75
	}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
