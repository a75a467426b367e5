package node

import (
	"errors"

	"abad/aba"
	"abad/acs"
	"abad/batch"
	"abad/bft"
	"abad/codec"
	"abad/coin"
	"abad/decision"
	"abad/ledger"
	"abad/rbc"
)

// FaultKind sorts what peers do wrong into few kinds, whatever the text of the error.
type FaultKind string

// The kinds, from the gravest to the one that a version of another day could show.
const (
	FaultConflict  FaultKind = "conflict"  // said two different things: only a liar, or a node that lost its memory
	FaultBadShare  FaultKind = "bad_share" // a signature share that does not verify
	FaultForged    FaultKind = "forged"    // spoke for another node, or gave other bytes than were asked for
	FaultMalformed FaultKind = "malformed" // does not decode, or cannot be meant
	FaultAhead     FaultKind = "ahead"     // an epoch that it cannot be in yet
	FaultOther     FaultKind = "other"
)

// faultKinds in the order in which they are looked for.
var faultKinds = []struct {
	kind FaultKind
	why  []error
}{
	{FaultConflict, []error{rbc.ErrConflict, aba.ErrConflict, coin.ErrConflict, ledger.ErrConflict, decision.ErrConflict}},
	{FaultBadShare, []error{coin.ErrBadShare, coin.ErrBadShares, ledger.ErrBadShare, decision.ErrBadShare}},
	{FaultForged, []error{rbc.ErrImpostor, rbc.ErrWrongPayload}},
	{FaultAhead, []error{ledger.ErrAhead}},
	{FaultMalformed, []error{
		rbc.ErrMalformed, aba.ErrMalformed, acs.ErrMalformed, ledger.ErrMalformed, decision.ErrMalformed,
		ledger.ErrHeader, codec.ErrNotCanonical, decision.ErrName, errKind, batch.ErrMalformed,
	}},
	{FaultOther, nil},
}

func kindOf(f bft.Fault) FaultKind {
	for _, k := range faultKinds {
		for _, why := range k.why {
			if errors.Is(f.Why, why) {
				return k.kind
			}
		}
	}
	return FaultOther
}
