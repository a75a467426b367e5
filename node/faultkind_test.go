package node

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"abad/aba"
	"abad/acs"
	"abad/bft"
	"abad/coin"
	"abad/decision"
	"abad/ledger"
	"abad/rbc"
)

func TestFaultKinds(t *testing.T) {
	for _, c := range []struct {
		why  error
		kind FaultKind
	}{
		{rbc.ErrConflict, FaultConflict},
		{aba.ErrConflict, FaultConflict},
		{ledger.ErrConflict, FaultConflict},
		{coin.ErrBadShare, FaultBadShare},
		{decision.ErrBadShare, FaultBadShare},
		{rbc.ErrImpostor, FaultForged},
		{ledger.ErrAhead, FaultAhead},
		{acs.ErrMalformed, FaultMalformed},
		{ledger.ErrHeader, FaultMalformed},
		{errKind, FaultMalformed},
		{errors.New("something new"), FaultOther},
		{fmt.Errorf("%w: %w", ledger.ErrMalformed, rbc.ErrConflict), FaultConflict}, // the gravest
	} {
		if got := kindOf(bft.Fault{Why: fmt.Errorf("wrapped: %w", c.why)}); got != c.kind {
			t.Errorf("%v is %s, want %s", c.why, got, c.kind)
		}
	}
}

// The kinds of a peer add up to its count, and those of the others are there as zeros.
func TestFaultsByKind(t *testing.T) {
	f := newFaults(2, slog.New(slog.DiscardHandler))
	for _, why := range []error{rbc.ErrConflict, errKind, errKind} {
		f.note(bft.Fault{Peer: 1, Why: why})
	}
	kinds := f.kinds()
	if kinds[1][FaultConflict] != 1 || kinds[1][FaultMalformed] != 2 || f.count(1) != 3 || f.count(0) != 0 {
		t.Errorf("%v, %d", kinds, f.count(1))
	}
	for _, of := range kinds {
		if len(of) != len(faultKinds) {
			t.Errorf("%d kinds of %d", len(of), len(faultKinds))
		}
	}
}
