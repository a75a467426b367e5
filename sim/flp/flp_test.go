package flp

import (
	"context"
	"errors"
	"math"
	"testing"
)

func run1(t *testing.T, cfg Config) Result {
	t.Helper()
	if cfg.MaxRounds == 0 {
		cfg.MaxRounds = 10000
	}
	r, err := Run(cfg)
	if err != nil {
		t.Fatalf("%+v: %v", cfg, err)
	}
	return r
}

// Without a coin there is no decision in 10,000 rounds, with f liars and with none
// at all, and no correct node finds evidence against anybody.
func TestWithoutACoinForEver(t *testing.T) {
	for _, n := range []int{4, 7, 13} {
		for _, liars := range []int{0, (n - 1) / 3} {
			if r := run1(t, Config{Nodes: n, Liars: liars, Coin: None}); r.Decided || r.Rounds != 10000 || r.Random != 2500 || r.Faults != 0 {
				t.Errorf("n = %d, %d liars: %+v", n, liars, r)
			}
		}
	}
}

// Local and common coins: every run decides and agrees (Run checks that), and the
// mean is the one of the package comment.
func TestMeansAreTheTheory(t *testing.T) {
	for _, c := range []struct {
		coin  Coin
		nodes int
		liars int
		runs  int
	}{
		{Local, 4, 1, 300}, {Local, 4, 0, 300}, {Local, 7, 2, 150}, {Local, 7, 1, 150}, {Local, 13, 0, 100},
		{Common, 4, 1, 1000}, {Common, 7, 1, 1000}, {Common, 10, 0, 1000}, {Common, 13, 4, 1000},
	} {
		cfg := Config{Nodes: c.nodes, Liars: c.liars, Coin: c.coin, MaxRounds: 10000}
		var results []Result
		for seed := range c.runs {
			cfg.Seed = uint64(seed)
			r := run1(t, cfg)
			if !r.Decided || r.Faults != 0 || r.Rounds != 4*r.Random+3 {
				t.Fatalf("%+v: %+v", cfg, r)
			}
			results = append(results, r)
		}
		cell := newCell(cfg, results)
		// 3.3 standard errors instead of 1.96: one in a thousand goes beyond.
		wide := math.Pow(cell.Mean.High/cell.Mean.Value, 3.3/z95)
		if cell.Theory < cell.Mean.Value/wide || cell.Theory > cell.Mean.Value*wide {
			t.Errorf("%v coin, n = %d, %d liars: %.2f random rounds, the theory says %.2f", c.coin, c.nodes, c.liars, cell.Mean.Value, cell.Theory)
		}
	}
}

// The rule of the local coin is needed: without it the same scheduler makes correct
// nodes decide differently.
func TestBareLocalCoinsDisagree(t *testing.T) {
	broken := 0
	for seed := range uint64(100) {
		if _, err := run(Config{Nodes: 4, Liars: 1, Coin: Local, Seed: seed, MaxRounds: 1000}, false); errors.Is(err, ErrDisagree) {
			broken++
		}
	}
	if broken == 0 {
		t.Error("no run disagrees")
	}
	t.Logf("%d of 100 runs disagree", broken)
}

// Equal configurations give equal results.
func TestRunsRepeat(t *testing.T) {
	for seed := range uint64(20) {
		for _, coin := range Coins() {
			cfg := Config{Nodes: 7, Liars: 2, Coin: coin, Seed: seed, MaxRounds: 100}
			if a, b := run1(t, cfg), run1(t, cfg); a != b {
				t.Fatalf("%+v: %+v and %+v", cfg, a, b)
			}
		}
	}
}

// A run that is cut off is counted as such, and gives its rounds to the estimate.
func TestCutOffRunsAreCounted(t *testing.T) {
	p := Plan{Nodes: []int{7}, Coins: []Coin{Local}, Liars: AllFaulty, Seeds: 60, MaxRounds: 80}
	report, err := p.Run(context.Background(), func(Cell) {})
	if err != nil {
		t.Fatal(err)
	}
	c := report.Cells[0]
	if c.CutOff < 10 || c.CutOff > 50 || c.CutOff+decided(c) != c.Runs || c.Longest > 80+3 {
		t.Fatalf("%+v", c)
	}
	if c.Mean.Low > 32 || c.Mean.High < 32 {
		t.Errorf("%v is biased away from 32", *c.Mean)
	}
}

func decided(c Cell) (n int) {
	for _, runs := range c.Ended {
		n += runs
	}
	return n
}

func TestBinomialTail(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want float64
	}{{0, 3, 1.0 / 8}, {0, 9, 1.0 / 512}, {1, 4, 5.0 / 16}, {2, 7, 29.0 / 128}, {4, 13, 1093.0 / 8192}} {
		if got := atMost(c.k, c.n); got != c.want {
			t.Errorf("P(Bin(%d, 1/2) <= %d) = %v, want %v", c.n, c.k, got, c.want)
		}
	}
}

func TestPlansAreChecked(t *testing.T) {
	good := Plan{Nodes: []int{4}, Coins: Coins(), Liars: AllFaulty, Seeds: 1, MaxRounds: 4}
	for name, change := range map[string]func(p *Plan){
		"nothing":               func(*Plan) {},
		"64 nodes":              func(p *Plan) { p.Nodes[0] = MaxNodes },
		"no nodes":              func(p *Plan) { p.Nodes = nil },
		"5 nodes":               func(p *Plan) { p.Nodes[0] = 5 },
		"1 node":                func(p *Plan) { p.Nodes[0] = 1 },
		"-2 nodes":              func(p *Plan) { p.Nodes[0] = -2 },
		"67 nodes":              func(p *Plan) { p.Nodes[0] = MaxNodes + 3 },
		"no coins":              func(p *Plan) { p.Coins = nil },
		"2 liars of 4":          func(p *Plan) { p.Liars = 2 },
		"-2 liars":              func(p *Plan) { p.Liars = -2 },
		"no seed":               func(p *Plan) { p.Seeds = 0 },
		"too many seeds":        func(p *Plan) { p.Seeds = MaxSeeds + 1 },
		"no random round":       func(p *Plan) { p.MaxRounds = 3 },
		"more rounds than kept": func(p *Plan) { p.MaxRounds = MaxRounds + 1 },
	} {
		p := good
		p.Nodes = []int{4}
		change(&p)
		if err := p.Check(); (err == nil) != (name == "nothing" || name == "64 nodes") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
