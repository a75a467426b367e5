package flp

import (
	"errors"
	"fmt"

	"abad/aba"
)

// Config is one run.
type Config struct {
	Nodes     int // n = 3f+1
	Liars     int // t <= f
	Coin      Coin
	Seed      uint64 // of the coins
	MaxRounds int    // after so many rounds without a decision the run is cut off
}

// Result is what came of a run.
type Result struct {
	Decided bool // else it was cut off
	Value   bool
	Rounds  int // begun until the first decision, or until the cut
	Random  int // how many of them took a coin
	Faults  int // evidence that correct nodes found against the liars
}

// Errors of a run: each of them means that the protocol is wrong.
var (
	ErrDisagree = errors.New("flp: correct nodes decided differently")
	ErrStuck    = errors.New("flp: everything is delivered and not everybody has decided")
)

// Failure is a run with an error.
type Failure struct {
	Config Config
	Err    error // wraps ErrDisagree or ErrStuck
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%v coin, n = %d, seed %d: %v", f.Config.Coin, f.Config.Nodes, f.Config.Seed, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// Run plays one run to its end. Equal configurations give equal results.
func Run(cfg Config) (Result, error) { return run(cfg, true) }

// run can leave a local coin without the rule that makes it sound.
func run(cfg Config, guard bool) (Result, error) {
	w, err := newWorld(cfg, guard)
	if err != nil {
		return Result{}, err
	}
	if err := w.input(); err != nil {
		return Result{}, fmt.Errorf("flp: internal error: %w", err)
	}
	r := uint32(0)
	for ; int(r) < cfg.MaxRounds && w.open(r); r++ {
		w.play(r)
	}
	res := Result{Rounds: int(r), Faults: w.faults}
	if !w.open(r) {
		w.relent()
		res.Decided, res.Rounds = true, w.rounds
	}
	res.Random = res.Rounds / 4
	res.Value, err = w.verdict(res.Decided)
	return res, err
}

// relent delivers everything; the liars say nothing more.
func (w *world) relent() {
	w.sweep(w.everybody(), func(aba.Msg) bool { return true })
}

// verdict is the decision that all correct nodes share.
func (w *world) verdict(all bool) (bool, error) {
	union := aba.None
	for _, d := range w.decided {
		union |= d
	}
	if union == aba.Both {
		return false, fmt.Errorf("%w: %v", ErrDisagree, w.decided)
	}
	for i, d := range w.decided {
		if all && (d == aba.None || !w.nodes[i].Done()) {
			return false, fmt.Errorf("%w: node %d", ErrStuck, i)
		}
	}
	v, _ := union.Single()
	return v, nil
}

// Standoff gives the correct nodes as the adversary leaves them after so many
// rounds: each has sent its BVAL of the next round, with the estimate that comes
// with it, and no node has heard that of another one. The search of package exhaust
// starts there.
func Standoff(cfg Config, rounds uint32) (nodes []*aba.Machine, estimates []bool, err error) {
	w, err := newWorld(cfg, true)
	if err != nil {
		return nil, nil, err
	}
	if err := w.input(); err != nil {
		return nil, nil, fmt.Errorf("flp: internal error: %w", err)
	}
	for r := uint32(0); r < rounds && w.open(r); r++ {
		w.play(r)
	}
	if !w.open(rounds) {
		return nil, nil, fmt.Errorf("flp: the game ends before round %d", rounds)
	}
	for _, node := range w.nodes {
		if t, ok := node.(tosser); ok {
			nodes = append(nodes, t.Machine)
		} else {
			nodes = append(nodes, node.(*aba.Machine))
		}
	}
	return nodes, w.est, nil
}
