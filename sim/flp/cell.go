package flp

import "math"

// Cell sums up the runs with one coin and one number of nodes.
type Cell struct {
	Coin   Coin `json:"coin"`
	Nodes  int  `json:"nodes"`
	Faulty int  `json:"faulty"`
	Liars  int  `json:"liars"`

	Runs    int   `json:"runs"`
	CutOff  int   `json:"cut_off"` // undecided when the rounds were used up
	Ended   []int `json:"ended"`   // [k] runs ended after k random rounds
	Rounds  int   `json:"rounds"`  // of all kinds, in all runs
	Random  int   `json:"random"`  // random rounds in all runs, also in those cut off
	Longest int   `json:"longest"` // rounds of the longest run
	Faults  int   `json:"faults"`  // evidence against the liars

	// Random rounds until the decision; null where no run decided.
	Mean *Estimate `json:"mean"`
	// What the package comment derives for it; 0 stands for no bound.
	Theory float64 `json:"theory"`
}

// Estimate is a mean with its 95 % interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func newCell(cfg Config, results []Result) Cell {
	c := Cell{
		Coin: cfg.Coin, Nodes: cfg.Nodes, Faulty: (cfg.Nodes - 1) / 3, Liars: cfg.Liars,
		Runs: len(results),
	}
	for _, r := range results {
		c.Rounds += r.Rounds
		c.Random += r.Random
		c.Longest = max(c.Longest, r.Rounds)
		c.Faults += r.Faults
		if !r.Decided {
			c.CutOff++
			continue
		}
		for len(c.Ended) <= r.Random {
			c.Ended = append(c.Ended, 0)
		}
		c.Ended[r.Random]++
	}
	c.Mean = geometric(c.Random, c.Runs-c.CutOff)
	if p := ends(cfg); p > 0 {
		c.Theory = 1 / p
	}
	return c
}

// z95 is the two-sided 95 % point of the normal distribution.
const z95 = 1.96

// geometric estimates the mean of a geometric distribution by maximum likelihood
// from so many trials, of which so many were the last of their run. Runs that were
// cut off give their trials too, so that cutting off does not bias the estimate.
// The interval is normal in the logarithm, whose variance is (1-p)/successes.
func geometric(trials, successes int) *Estimate {
	if successes == 0 {
		return nil
	}
	mean := float64(trials) / float64(successes)
	factor := math.Exp(z95 * math.Sqrt((1-1/mean)/float64(successes)))
	return &Estimate{Value: mean, Low: mean / factor, High: mean * factor}
}

// ends is the probability that a random round ends the adversary's game.
func ends(cfg Config) float64 {
	switch cfg.Coin {
	case None:
		return 0
	case Common:
		return 1.0 / 2
	}
	f := (cfg.Nodes - 1) / 3
	return atMost(f-cfg.Liars, cfg.Nodes-cfg.Liars)
}

// atMost is P(Bin(n, 1/2) <= k).
func atMost(k, n int) float64 {
	term := math.Ldexp(1, -n)
	sum := term
	for i := 1; i <= k; i++ {
		term *= float64(n-i+1) / float64(i)
		sum += term
	}
	return sum
}

// Undecided is the share of runs that went on after k random rounds; runs that
// were cut off before are left out.
func (c Cell) Undecided(k int) float64 {
	ended := 0
	for i := 0; i <= k && i < len(c.Ended); i++ {
		ended += c.Ended[i]
	}
	return 1 - float64(ended)/float64(c.Runs)
}
