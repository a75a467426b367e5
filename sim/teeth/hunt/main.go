// Command hunt runs seeds of the simulator until one fails. Package teeth builds
// it with a bug in it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"abad/sim"
	"abad/sim/teeth/found"
)

func main() {
	first := flag.Uint64("seed", 0, "the first seed")
	seeds := flag.Int("seeds", 1000, "the most seeds to run")
	nodes := flag.Int("nodes", sim.Drawn, "the size of the cluster")
	flag.Parse()
	debug.SetGCPercent(400) // seeds are short and their memory is garbage
	if err := hunt(*first, *seeds, *nodes); err != nil {
		fmt.Fprintln(os.Stderr, "hunt: error:", err)
		os.Exit(1)
	}
}

// hunt prints what it found as JSON.
func hunt(first uint64, seeds, nodes int) error {
	var runner sim.Runner
	var f found.Found
	for seed := first; f.Seeds < seeds; seed++ {
		o := sim.Defaults(seed)
		o.Nodes = nodes
		r, err := runner.Run(o)
		if err != nil {
			return err
		}
		f.Seeds++
		if r.Failure != nil {
			f.Failure, f.Plan, f.Command = r.Failure, r.Plan, r.Options.Command()
			break
		}
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}
