package sim

import (
	"errors"
	"fmt"
	"runtime/debug"

	"abad/bft"
)

// Result is what came of a run.
type Result struct {
	Options Options
	Plan    string
	Digest  uint64 // of the trace: equal runs have equal digests
	Failure *Failure
	Stats
}

// Stats counts what happened.
type Stats struct {
	Steps    int
	Messages int // between nodes
	Blocks   uint64
	Values   int
	Epochs   int // that some correct node opened
	Crashes  int
	Blames   int // faults that correct nodes found at faulty ones
	Adopted  int // blocks taken from peers with their certificate
	Coins    int // random rounds in which a correct node sent its share
	Rounds   int // the furthest round of any agreement
}

// Run runs one seed. The error is about the options; what goes wrong in the run
// is in the result.
func Run(o Options) (Result, error) { return new(Runner).Run(o) }

// Runner runs seeds one after the other, with less work for the allocator. Its
// zero value is ready. It is not safe for concurrent use.
type Runner struct{ msgs letters }

// Run runs one seed.
func (r *Runner) Run(o Options) (Result, error) {
	if err := o.Check(); err != nil {
		return Result{}, err
	}
	r.msgs.reset()
	w := newWorld(o, &r.msgs)
	if w.run(); w.broken != nil {
		return Result{}, w.broken
	}
	if w.tracer != nil {
		if err := w.tracer.close(); err != nil {
			return Result{}, fmt.Errorf("trace: %w", err)
		}
	}
	w.stats.Steps, w.stats.Values = w.step, len(w.facts.values)
	w.stats.Blocks = uint64(len(w.facts.log))
	return Result{Options: o, Plan: w.plan.String(), Digest: w.digest, Failure: w.failure, Stats: w.stats}, nil
}

// run goes through both phases.
func (w *world) run() {
	defer w.caught()
	w.start()
	w.submit()
	w.safety()
	if w.failure == nil {
		w.liveness()
	}
	if w.failure == nil {
		w.concluded()
	}
}

// ErrInternal is a fault of the simulator itself.
var ErrInternal = errors.New("sim: internal error")

// caught turns the panic of a node into a failure: nothing that anybody sends may
// bring a correct node down. Any other panic is the simulator's own.
func (w *world) caught() {
	cause := recover()
	if cause == nil {
		return
	}
	if w.inside == nil {
		w.broken = fmt.Errorf("%w: %v\n%s", ErrInternal, cause, debug.Stack())
		return
	}
	if w.inside.correct() {
		w.fail(Safety, "a node falls over", "node %d: %v", w.inside.id, cause)
	}
}

// safety is the phase in which the adversary does its worst.
func (w *world) safety() {
	for w.failure == nil && w.step < w.plan.steps {
		w.disturb(false)
		w.sched.turn()
		if w.client.next <= w.step && w.client.tallest < uint64(w.plan.epochs) {
			w.client.next = w.step + w.dice.below(2*epochEvents(w.n))
			for range 1 + w.dice.below(w.plan.burst) {
				w.submit()
			}
		}
		e, ok := w.pool.take(w.dice)
		if ok {
			w.deliver(e)
			continue
		}
		if w.disturb(true) {
			continue
		}
		if w.client.tallest >= uint64(w.plan.epochs) || w.client.stalls > 3*w.plan.epochs {
			return
		}
		w.client.stalls++
		w.submit()
	}
}

// liveness is the phase in which the adversary relents: everything is up, every
// event comes in its turn or at random, and so the events must run out.
func (w *world) liveness() {
	w.note("the adversary relents")
	w.relent()
	budget := w.step + w.pool.size*4 + (w.plan.epochs+16)*epochEvents(w.n)*4
	for w.failure == nil {
		e, ok := w.pool.take(w.dice)
		if !ok {
			return
		}
		if w.deliver(e); w.step > budget {
			w.fail(Liveness, "the cluster comes to rest", "%d events after the adversary relented there are still %d", 4*(w.plan.epochs+16)*epochEvents(w.n), w.pool.size)
		}
	}
}

func (w *world) relent() {
	w.faults = faults{}
	w.plan.lost, w.plan.twice = 0, 0
	w.sched = newScheduler(w, fair)
	w.pool.fifo, w.pool.leak = w.dice.flip(), 0
	w.pool.sort(w.sched.lane)
	for _, n := range w.nodes {
		n.restart()
	}
	for a := range w.n {
		for b := range a {
			w.connect(bft.ID(a), bft.ID(b))
		}
	}
}

// note tells the tracer what no event says.
func (w *world) note(format string, args ...any) {
	if w.tracer != nil {
		w.tracer.note(format, args...)
	}
}
