package exhaust

import "testing"

// One random round, in every order of deliveries and with every lie.
//
// Binding: once a correct node has sent its share, so that the adversary can know the
// coin, V = {0} and V = {1} are not both still possible. Agreement: when somebody
// decides v, nobody can go on with another value. Progress: when all is delivered,
// everybody has sent its share, and with the coin has gone on or decided.
func TestRandomRound(t *testing.T) {
	first := Said(0)
	found := search(t, abaQuotients(t), func(s State) string {
		first = s.Future // the last state asked about is the first one
		if bad := abaBad(s); bad != "" {
			return bad
		}
		return abaStuck(s)
	})
	// Both outcomes exist, or binding would be no achievement.
	if first>>abaOn&3 != 3 {
		t.Errorf("of V = {0} and V = {1}, only %b is ever reached", first>>abaOn&3)
	}
	if *shares > 0 && (first>>abaToss&3 == 0 || first>>abaDecide == 0) {
		t.Errorf("nobody tosses or nobody decides: %b", first)
	}
	if found.Quiet == 0 {
		t.Error("no state is quiet")
	}
}

func abaBad(s State) string {
	said, future := s.Any(), s.Future
	if said>>abaShare&1 != 0 && future>>abaOn&3 == 3 {
		return "a share is out, and both V = {0} and V = {1} can still come"
	}
	if said>>abaConf&3 == 3 {
		return "correct nodes have vals = {0} and vals = {1}"
	}
	for v := range 2 {
		if said>>(abaDecide+v)&1 != 0 && (future>>(abaOn+1-v)|future>>(abaToss+1-v)|future>>(abaDecide+1-v))&1 != 0 {
			return "a node decides, and another one can go on with the other value"
		}
	}
	return ""
}

func abaStuck(s State) string {
	for _, said := range s.Said {
		if s.Quiet && said>>abaShare&1 == 0 {
			return "all is delivered, and a node has not asked for the coin"
		}
		if s.Quiet && *shares > 0 && said>>abaOn == 0 {
			return "all is delivered, and a node has neither gone on nor decided"
		}
	}
	return ""
}
