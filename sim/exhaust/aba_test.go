package exhaust

import (
	"flag"
	"testing"
)

// A random round, up to the coin: no order of deliveries and no lie breaks the
// binding of the coin. Once a correct node has sent its share, so that the adversary
// can know the coin, V = {0} and V = {1} are not both still possible.
func TestCoinIsDrawnAfterTheOutcomeIsBound(t *testing.T) {
	start := Said(0)
	found := search(t, abaQuotients(t, 0), func(s State) string {
		said, both := s.Any(), Said(3)
		start = s.Future
		switch {
		case said>>abaShare&1 != 0 && s.Future>>abaNext&both == both:
			return "a share is out, and both V = {0} and V = {1} can still come"
		case said>>abaConf&both == both:
			return "correct nodes have vals = {0} and vals = {1}"
		case s.Quiet && !all(s, abaShare):
			return "all is delivered, and a node has not asked for the coin"
		}
		return ""
	})
	// The last state asked about is the first one. Both outcomes exist, or binding
	// would be no achievement.
	if start>>abaNext&3 != 3 {
		t.Errorf("of V = {0} and V = {1}, only %b is ever reached", start>>abaNext&3)
	}
	if found.Quiet == 0 {
		t.Error("no state is quiet")
	}
}

var everyShare = flag.Bool("every-share", false, "let the shares of both other nodes arrive in every order (2 minutes)")

// The same round with its coin: whoever decides, all others go on with that value or
// decide it too; and when all is delivered, everybody has gone on or decided.
func TestNobodyGoesOnAgainstADecision(t *testing.T) {
	shares := 1
	if *everyShare {
		shares = 2
	}
	start := Said(0)
	search(t, abaQuotients(t, shares), func(s State) string {
		start = s.Future
		for v := range 2 {
			if s.Any()>>(abaDecide+v)&1 != 0 && s.Future>>(abaNext+1-v)&1 != 0 {
				return "a node decides, and another one can go on with the other value"
			}
		}
		for _, said := range s.Said {
			if s.Quiet && said>>abaNext == 0 {
				return "all is delivered, and a node has neither gone on nor decided"
			}
		}
		return ""
	})
	if next, decide := start>>abaNext&3, start>>abaDecide; next != 3 || decide == 0 {
		t.Errorf("too little is reached: %b", start)
	}
}
