package generals

import "abad/bft"

// Outcome is how a run ended for the loyal generals.
type Outcome int

// The outcomes.
const (
	Agreed    Outcome = iota // all do the same
	Disagreed                // some attack, some retreat
	Blocked                  // some wait for ever
)

// Outcome says how it ended.
func (r *Report) Outcome() Outcome {
	if len(r.who(true)) > 0 && len(r.who(false)) > 0 {
		return Disagreed
	}
	for _, a := range r.Actions {
		if !a.Known {
			return Blocked
		}
	}
	return Agreed
}

// Protected reports whether the protocol promises anything: n > 3t.
func (r *Report) Protected() bool { return r.Generals > 3*r.Traitors }

// Unanimous reports whether all loyal generals had the same order, and which.
func (r *Report) Unanimous() (attack, all bool) {
	for _, order := range r.Orders {
		if order != r.Orders[0] {
			return false, false
		}
	}
	return r.Orders[0], true
}

// who lists the loyal generals who act so.
func (r *Report) who(attack bool) []bft.ID {
	var list []bft.ID
	for id, a := range r.Actions {
		if a.Known && a.Attack == attack {
			list = append(list, bft.ID(id))
		}
	}
	return list
}

// waiting lists the loyal generals who do not know what to do.
func (r *Report) waiting() []bft.ID {
	var list []bft.ID
	for id, a := range r.Actions {
		if !a.Known {
			list = append(list, bft.ID(id))
		}
	}
	return list
}
