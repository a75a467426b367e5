package exhaust

import "testing"

// One broadcast by an equivocating proposer, in every order of deliveries and with
// every lie. Agreement: no two correct nodes deliver different payloads. Totality: if
// one delivers, all have when everything is delivered, although a node may have
// accepted what it never saw and the owners may never vouch for what they see.
func TestBroadcast(t *testing.T) {
	first := Said(0)
	found := search(t, rbcModel{retrieval: true}.quotients(t), func(s State) string {
		first = s.Future
		return rbcBad(s)
	})
	if first>>rbcDelivered&3 != 3 {
		t.Errorf("of the payloads, only %b is ever delivered", first>>rbcDelivered&3)
	}
	fetches := Said(1<<rbcFound-1) &^ (1<<rbcFetch - 1)
	if first&fetches == 0 || found.Quiet == 0 {
		t.Errorf("nobody fetches, or no state is quiet: %b", first)
	}
}

// The same without retrieval: nodes accept alike. The controls use it.
func TestAcceptance(t *testing.T) {
	search(t, rbcModel{}.quotients(t), rbcBad)
}

func rbcBad(s State) string {
	delivered := s.Any() >> rbcDelivered & 3
	if delivered == 3 {
		return "two payloads are delivered"
	}
	for p := range 2 {
		if s.Quiet && delivered>>p&1 != 0 && !all(s, rbcDelivered+p) {
			return "all is delivered, and one node has the payload and another has not"
		}
	}
	return ""
}
