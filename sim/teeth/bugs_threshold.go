package teeth

var thresholdBugs = []Bug{
	{
		Name: "deliver-f+1", Says: "Deliver is f+1: bins and headers are taken on one correct word",
		Patches: patch(quorumFile, "return 2*q.f + 1", "return q.f + 1"), Fast: true,
	},
	{
		Name: "relay-bval-f", Says: "BVAL is relayed at f",
		Patches: patch(settleFile, "r.bval[bit(v)].Len() >= m.cfg.Quorum.Amplify()", "r.bval[bit(v)].Len() >= max(1, m.cfg.Quorum.Faulty())"), Fast: true,
	},
	{
		Name: "relay-ready-f", Says: "READY is relayed at f",
		Patches: patch(rbcFile, "m.readies.reached(m.quorum.Amplify())", "m.readies.reached(max(1, m.quorum.Faulty()))"), Fast: true,
	},
	{
		Name: "decide-at-f", Says: "f DECIDE are believed",
		Patches: patch(settleFile, "n >= m.cfg.Quorum.Amplify() {\n			m.decide", "n >= max(1, m.cfg.Quorum.Faulty()) {\n			m.decide"),
	},
	{
		Name: "halt-at-f+1", Says: "an agreement ends for a node after f+1 DECIDE",
		Patches: patch(settleFile, "if n >= m.cfg.Quorum.Wait() {", "if n >= m.cfg.Quorum.Amplify() {"), Seeds: 20000,
	},
	{
		Name: "reject-early", Says: "the rest is rejected after f+1 slots instead of n-f",
		Patches: patch("acs/acs.go", "m.settled() >= m.cfg.Quorum.Wait()", "m.settled() >= m.cfg.Quorum.Amplify()"),
	},
	{
		Name: "ready-waits", Says: "READY waits for the payload",
		Patches: patch(rbcFile, "	if !m.readied {\n", "	if !m.readied && m.val != nil {\n"), Fast: true,
	},
	{
		Name: "echo-unheld", Says: "ECHO does not wait for the batches that the header lists",
		Patches: patch("ledger/epoch.go", "sl.hash.IsZero() || sl.missing > 0", "sl.hash.IsZero()"), Fast: true,
	},
}
