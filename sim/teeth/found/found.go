// Package found is what the hunter tells the hunt.
package found

import "abad/sim"

// Found is the outcome of a hunt.
type Found struct {
	Seeds   int          // run, the failing one among them
	Failure *sim.Failure // nil if all were clean
	Plan    string       // of the failing seed
	Command string       // that runs it
}
