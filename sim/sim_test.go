package sim

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// clean runs a seed that must be clean.
func clean(t *testing.T, runner *Runner, o Options) Result {
	t.Helper()
	r, err := runner.Run(o)
	if err != nil {
		t.Fatalf("%s: %v", o.Command(), err)
	}
	if r.Failure != nil {
		t.Fatalf("%v\n%s\n%s", r.Failure, r.Plan, o.Command())
	}
	return r
}

// Seeds with everything drawn are clean, and they do what they are for: crashes,
// catch-up, common coins and lies that are found all occur.
func TestSeeds(t *testing.T) {
	var runner Runner
	var total Total
	for seed := range uint64(500) {
		total.add(clean(t, &runner, Defaults(1_000_000+seed)))
	}
	if total.Crashes == 0 || total.Adopted == 0 || total.Coins < 20 || total.Blames == 0 || total.Rounds < 7 {
		t.Errorf("the seeds are too tame: %+v", total.Stats)
	}
	t.Logf("%+v", total.Stats)
}

// A seed is a whole run: the same events in the same order, whatever ran before.
func TestSameSeedSameRun(t *testing.T) {
	var reused Runner
	digests := map[uint64]bool{}
	for seed := range uint64(40) {
		var traces [2]bytes.Buffer
		o := Defaults(seed)
		o.Trace = &traces[0]
		first := clean(t, &reused, o)
		o.Trace = &traces[1]
		second := clean(t, new(Runner), o)
		o.Trace = nil
		third := clean(t, &reused, o)
		if first.Digest != second.Digest || first.Digest != third.Digest || first.Stats != second.Stats || first.Stats != third.Stats {
			t.Fatalf("seed %d: three runs, digests %x, %x and %x", seed, first.Digest, second.Digest, third.Digest)
		}
		if !bytes.Equal(traces[0].Bytes(), traces[1].Bytes()) {
			t.Fatalf("seed %d: two runs, two traces", seed)
		}
		digests[first.Digest] = true
	}
	if len(digests) != 40 {
		t.Errorf("40 seeds are %d different runs", len(digests))
	}
}

// Every scheduler and every behaviour, each by itself against seven nodes.
func TestEachAdversary(t *testing.T) {
	var runner Runner
	for _, name := range Adversaries() {
		for seed := range uint64(8) {
			o := Defaults(seed)
			o.Nodes, o.Faulty, o.Epochs, o.Adversary = 7, 2, 4, name
			clean(t, &runner, o)
		}
	}
	for _, name := range Behaviours() {
		for seed := range uint64(6) {
			o := Defaults(seed)
			o.Nodes, o.Faulty, o.Epochs, o.Byzantine = 7, 2, 4, []string{name}
			clean(t, &runner, o)
		}
	}
}

// Lies that leave evidence are found by those who hear them.
func TestLiesAreBlamed(t *testing.T) {
	for _, name := range []string{"equivocate", "bad-shares", "malformed", "far", "two-faced", "decide", "random"} {
		o := Defaults(3)
		o.Nodes, o.Faulty, o.Epochs, o.Byzantine = 4, 1, 6, []string{name}
		blames := 0
		for o.Seed = range uint64(12) {
			blames += clean(t, new(Runner), o).Blames
		}
		if name != "two-faced" && blames == 0 {
			t.Errorf("%s: nobody is blamed", name)
		}
	}
}

// Clusters that tolerate nobody, one node included.
func TestFewNodes(t *testing.T) {
	var runner Runner
	for _, n := range []int{1, 2, 3, 4, 5} {
		for seed := range uint64(8) {
			o := Defaults(seed)
			o.Nodes, o.Faulty = n, 0
			clean(t, &runner, o)
		}
	}
}

// A coin of each node's own is not good enough, and the simulator says so.
func TestLocalCoinFails(t *testing.T) {
	o := Defaults(0)
	o.Nodes, o.Faulty, o.Coin, o.Adversary, o.Byzantine = 4, 1, LocalCoin, split, []string{twoFaced}
	total, err := Many(t.Context(), o, 5000, 2, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if total.Failed == nil {
		t.Fatalf("%d seeds are clean with a coin of each node's own", total.Seeds)
	}
	t.Logf("seed %d: %v", total.Failed.Options.Seed, total.Failed.Failure)
	again, err := Run(total.Failed.Options)
	if err != nil || again.Failure == nil || *again.Failure != *total.Failed.Failure {
		t.Errorf("the seed run again: %v, %v", again.Failure, err)
	}
}

// Without a coin the split keeps an agreement undecided for as long as it cares to:
// what Fischer, Lynch and Paterson say of every deterministic protocol.
func TestNoCoinNeverEnds(t *testing.T) {
	o := Defaults(0)
	o.Nodes, o.Faulty, o.Coin, o.Adversary, o.Byzantine = 4, 1, NoCoin, split, []string{twoFaced}
	total, err := Many(t.Context(), o, 1000, 1, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if total.Failed == nil || total.Failed.Failure.Property != "agreements end" {
		t.Fatalf("%d seeds: %+v", total.Seeds, total.Failed)
	}
	t.Logf("seed %d: %v", total.Failed.Options.Seed, total.Failed.Failure)
}

func TestOptions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"3f >= n":           {func(o *Options) { o.Nodes, o.Faulty = 6, 2 }, "7 nodes or more"},
		"no node":           {func(o *Options) { o.Nodes = 0 }, "1 to 256"},
		"too many nodes":    {func(o *Options) { o.Nodes = 257 }, "1 to 256"},
		"too many faulty":   {func(o *Options) { o.Faulty = 86 }, "survives 85"},
		"unknown adversary": {func(o *Options) { o.Adversary = "nobody" }, "coin-aware"},
		"unknown behaviour": {func(o *Options) { o.Byzantine = []string{"nice"} }, "two-faced"},
		"unknown coin":      {func(o *Options) { o.Coin = "gold" }, "common, local, none"},
		"no epoch":          {func(o *Options) { o.Epochs = 0 }, "0 epochs"},
	} {
		o := Defaults(1)
		c.change(&o)
		if _, err := Run(o); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := Options{Seed: 7, Nodes: 7, Faulty: 2, Epochs: 3, Adversary: split, Byzantine: []string{"flip", "far"}, Coin: NoCoin, Steps: 9}
	want := "abad sim --seed 7 --nodes 7 --faulty 2 --epochs 3 --adversary split --byzantine flip,far --coin none --steps 9"
	if got := o.Command(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// 64 nodes, 21 of them faulty: an epoch completes.
func TestSixtyFourNodes(t *testing.T) {
	o := Options{Nodes: 64, Faulty: 21, Epochs: 1, Adversary: randomOrder, Byzantine: []string{"crash", "bad-shares"}, Coin: CommonCoin}
	if r := clean(t, new(Runner), o); r.Blocks == 0 {
		t.Error("no block")
	} else {
		t.Logf("%d blocks, %d events", r.Blocks, r.Steps)
	}
}

// Seeds that fail with a mistake that the protocol once had (docs/simulator.md).
func TestRegressions(t *testing.T) {
	for _, seed := range []uint64{
		1477, // decided nodes followed one node's votes from round to round
		9737, // a torn tick left journal entries of an epoch that was opened anew
	} {
		clean(t, new(Runner), Defaults(seed))
	}
}
