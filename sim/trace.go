package sim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"abad/aba"
	"abad/bft"
	"abad/ledger"
	"abad/rbc"
)

// Record is a line of a trace, JSON. The first one has the run's plan.
type Record struct {
	Step int    `json:"t"`
	Do   string `json:"do"` // one of the words below

	Node int `json:"node"`           // at which it happens
	From int `json:"from,omitempty"` // of "hears": the sender
	Sent int `json:"sent,omitempty"` // of "hears": the step at which it was sent

	Epoch uint64 `json:"epoch,omitempty"`
	Slot  int    `json:"slot"`
	Kind  string `json:"kind,omitempty"`  // of "hears" and "says": the message's
	Round uint32 `json:"round,omitempty"` // and what it says
	Value string `json:"value,omitempty"` // a set of bits, or the start of a hash
	First bool   `json:"first,omitempty"`
	Depth int    `json:"depth,omitempty"` // message delays since the submission

	Text string `json:"text,omitempty"` // of "is" and "note"
	Plan *Cast  `json:"plan,omitempty"`
}

// What a record tells.
const (
	doPlan  = "plan"  // what the run is
	doHears = "hears" // a node handles a peer's message
	doSays  = "says"  // a correct node sends to all
	doDoes  = "does"  // a node's own event
	doNote  = "note"  // about the cluster
	doEnds  = "ends"  // the last line
)

// Cast is who takes part in a traced run.
type Cast struct {
	Command string `json:"command"`
	Text    string `json:"text"`
	Nodes   int    `json:"nodes"`
	Faulty  []int  `json:"faulty"`
}

// tracer writes what happens.
type tracer struct {
	w   *world
	out *bufio.Writer
	enc *json.Encoder
	err error
}

func newTracer(w *world, o Options) *tracer {
	if o.Trace == nil {
		return nil
	}
	out := bufio.NewWriter(o.Trace)
	t := &tracer{w: w, out: out, enc: json.NewEncoder(out)}
	cast := &Cast{Command: o.Command(), Text: w.plan.String(), Nodes: w.n, Faulty: []int{}}
	for id, names := range w.plan.liars {
		if names != nil {
			cast.Faulty = append(cast.Faulty, id)
		}
	}
	t.write(Record{Do: doPlan, Plan: cast})
	return t
}

func (t *tracer) write(r Record) {
	r.Step = t.w.step
	if err := t.enc.Encode(r); err != nil {
		t.err = errors.Join(t.err, err)
	}
}

// event tells what a node is about to handle.
func (t *tracer) event(e *event) {
	r := Record{Do: doHears, Node: int(e.to), From: int(e.from), Sent: int(e.sent), Depth: int(e.depth)}
	switch {
	case e.kind == evMessage:
		describe(&r, t.w.msgs.at(e.ref))
	case e.from == e.to:
		r = Record{Do: doDoes, Node: int(e.to), Text: e.kind.String(), Epoch: uint64(e.epoch)}
	default:
		r.Kind = e.kind.String()
	}
	t.write(r)
}

func (t *tracer) said(n *node, msg *ledger.Msg) {
	r := Record{Do: doSays, Node: int(n.id), Depth: int(n.depth)}
	describe(&r, msg)
	t.write(r)
}

func (t *tracer) note(format string, args ...any) {
	t.write(Record{Do: doNote, Text: fmt.Sprintf(format, args...)})
}

// close ends the trace and reports what went wrong with any part of it.
func (t *tracer) close() error {
	text := "clean"
	if t.w.failure != nil {
		text = t.w.failure.Error()
	}
	t.write(Record{Do: doEnds, Text: text})
	return errors.Join(t.err, t.out.Flush())
}

// describe puts a message into words.
func describe(r *Record, msg *ledger.Msg) {
	m := &msg.ACS
	r.Epoch, r.Slot, r.Kind, r.First = msg.Epoch, int(m.Slot), msg.Kind(), m.First
	switch {
	case !msg.Cert.IsZero():
	case m.RBC.Kind == rbc.Val || m.RBC.Kind == rbc.Found:
		r.Value = bft.Sum(m.RBC.Payload).Short()
	case m.RBC.Kind != 0:
		r.Value = m.RBC.Hash.Short()
	default:
		r.Round, r.First = m.ABA.Round, m.ABA.First
		if m.ABA.Kind != aba.Share {
			r.Value = m.ABA.Values.String()
		}
	}
}

// ErrTrace marks a file that is not a trace.
var ErrTrace = errors.New("sim: not a trace")

// ReadTrace reads a trace.
func ReadTrace(in io.Reader) ([]Record, error) {
	var list []Record
	dec := json.NewDecoder(in)
	for {
		var r Record
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrTrace, len(list)+1, err)
		}
		list = append(list, r)
	}
	if len(list) == 0 || list[0].Plan == nil {
		return nil, fmt.Errorf("%w: it does not begin with a plan", ErrTrace)
	}
	n := list[0].Plan.Nodes
	if n < 1 || n > bft.MaxNodes {
		return nil, fmt.Errorf("%w: of %d nodes", ErrTrace, n)
	}
	for i, r := range list {
		if r.Node < 0 || r.Node >= n || r.From < 0 || r.From >= n {
			return nil, fmt.Errorf("%w: line %d is about node %d and node %d of %d", ErrTrace, i+1, r.Node, r.From, n)
		}
	}
	return list, nil
}
