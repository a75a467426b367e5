//go:build traitor

package node

import (
	"math/rand/v2"
	"os"
	"strconv"

	"abad/aba"
	"abad/bft"
	"abad/decision"
	"abad/net"
)

// A traitor is told what to do by these variables. Nodes 0 to ABAD_LOYAL-1 are
// loyal; the first half of them hears yes from one who splits.
var (
	lie      = os.Getenv("ABAD_LIE") // split, commander, silent or random
	loyal, _ = strconv.Atoi(os.Getenv("ABAD_LOYAL"))
)

// spoken is how a traitor's word leaves: to each node another one. His machine is
// loyal, so that he knows when to say something; what he says is not what it says.
func (c *decider) spoken(e bft.Envelope[decision.Msg]) []net.Outgoing {
	if lie == "silent" || len(e.Msg.Cert) > 0 {
		return nil
	}
	var out []net.Outgoing
	for id := range c.driver.quorum.IDs() {
		if id == c.driver.self {
			continue
		}
		msg := e.Msg
		if msg.ABA.Values != aba.None {
			msg.ABA.Values = told(id)
		}
		if msg.ABA.Kind == aba.BVal && msg.ABA.First {
			early := decision.Msg{Name: msg.Name, ABA: aba.Msg{Kind: aba.Decide, Values: told(id)}}
			out = append(out, outgoing(id, early))
		}
		out = append(out, outgoing(id, msg))
	}
	return out
}

// told is what he wants a node to believe.
func told(id bft.ID) aba.Set {
	if lie == "random" {
		return aba.Of(rand.IntN(2) == 0)
	}
	return aba.Of(int(id) < (loyal+1)/2)
}
