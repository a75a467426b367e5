package sim

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"abad/bft"
)

// Drawn stands for a number that the seed decides.
const Drawn = -1

// Coins that a cluster may have.
const (
	CommonCoin = "common" // the protocol's
	LocalCoin  = "local"  // every node tosses its own: agreement is lost
	NoCoin     = "none"   // always 0: a scheduler may keep the cluster undecided
)

// Mixed lets the seed choose.
const Mixed = "mixed"

// Options say what to run. [Defaults] leaves everything to the seed.
type Options struct {
	Seed      uint64
	Nodes     int      // 1 to 256, or Drawn: 4 in most seeds, up to 16
	Faulty    int      // at most (Nodes-1)/3, or Drawn
	Epochs    int      // blocks before the clients stop, or Drawn: 10 for 4 nodes, fewer for more
	Adversary string   // one of [Adversaries], or Mixed
	Byzantine []string // of [Behaviours]: what every faulty node does; empty: one to three drawn for each
	Coin      string   // CommonCoin, LocalCoin or NoCoin
	Steps     int      // most events of the safety phase, 0: plenty for the epochs
	Trace     io.Writer
}

// Defaults is everything drawn from the seed.
func Defaults(seed uint64) Options {
	return Options{Seed: seed, Nodes: Drawn, Faulty: Drawn, Epochs: Drawn, Adversary: Mixed, Coin: CommonCoin}
}

// ErrOptions marks options that make no sense.
var ErrOptions = errors.New("sim: impossible options")

// Check says what is wrong with o.
func (o Options) Check() error {
	if o.Nodes != Drawn && (o.Nodes < 1 || o.Nodes > bft.MaxNodes) {
		return fmt.Errorf("%w: %d nodes, and a roster has 1 to %d", ErrOptions, o.Nodes, bft.MaxNodes)
	}
	if o.Faulty < Drawn {
		return fmt.Errorf("%w: %d faulty nodes", ErrOptions, o.Faulty)
	}
	if o.Faulty > 0 && o.Nodes != Drawn && 3*o.Faulty >= o.Nodes {
		return fmt.Errorf("%w: %d faulty of %d nodes: agreement needs n >= 3f+1, for two quorums of n-f must share a correct node; that is %d nodes or more for %d faulty ones",
			ErrOptions, o.Faulty, o.Nodes, 3*o.Faulty+1, o.Faulty)
	}
	if o.Faulty > (bft.MaxNodes-1)/3 {
		return fmt.Errorf("%w: %d faulty nodes, and a roster of %d nodes survives %d", ErrOptions, o.Faulty, bft.MaxNodes, (bft.MaxNodes-1)/3)
	}
	if o.Epochs != Drawn && o.Epochs < 1 || o.Steps < 0 {
		return fmt.Errorf("%w: %d epochs in %d steps", ErrOptions, o.Epochs, o.Steps)
	}
	if err := known("adversary", o.Adversary, append(Adversaries(), Mixed)); err != nil {
		return err
	}
	for _, name := range o.Byzantine {
		if err := known("Byzantine behaviour", name, Behaviours()); err != nil {
			return err
		}
	}
	return known("coin", o.Coin, []string{CommonCoin, LocalCoin, NoCoin})
}

func known(what, name string, names []string) error {
	if slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("%w: unknown %s %q: there are %s", ErrOptions, what, name, strings.Join(names, ", "))
}

// Command is the command line that runs exactly this.
func (o Options) Command() string {
	args := []string{"abad sim", fmt.Sprintf("--seed %d", o.Seed)}
	add := func(given bool, format string, value any) {
		if given {
			args = append(args, fmt.Sprintf(format, value))
		}
	}
	add(o.Nodes != Drawn, "--nodes %d", o.Nodes)
	add(o.Faulty != Drawn, "--faulty %d", o.Faulty)
	add(o.Epochs != Drawn, "--epochs %d", o.Epochs)
	add(o.Adversary != Mixed, "--adversary %s", o.Adversary)
	add(len(o.Byzantine) > 0, "--byzantine %s", strings.Join(o.Byzantine, ","))
	add(o.Coin != CommonCoin, "--coin %s", o.Coin)
	add(o.Steps != 0, "--steps %d", o.Steps)
	return strings.Join(args, " ")
}

// Named is a name for an option and what it stands for.
type Named struct{ Name, Says string }

// DescribeAdversaries lists the schedulers.
func DescribeAdversaries() []Named {
	list := make([]Named, len(schedulers))
	for i, s := range schedulers {
		list[i] = Named{s.name, s.says}
	}
	return list
}

// DescribeBehaviours lists the ways of being faulty.
func DescribeBehaviours() []Named {
	list := make([]Named, len(behaviours))
	for i, b := range behaviours {
		list[i] = Named{b.name, b.says}
	}
	return list
}
