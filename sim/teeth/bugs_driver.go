package teeth

var driverBugs = []Bug{
	{
		Name: "send-before-sync", Says: "messages leave before the journal is durable",
		Patches: patch("sim/node.go", "n.disk.persist(t, len(t.journal), len(t.blocks))", "n.disk.persist(t, len(t.journal)/2, len(t.blocks))"), Fast: true,
	},
	{
		Name: "journal-uncut", Says: "what a crash left of an epoch that was not open yet stays in the journal",
		Patches: patch("sim/restart.go", "	n.disk.cut(n.disk.height() + uint64(n.w.plan.window))\n", ""), Seeds: 20000,
	},
	{
		Name: "no-resend", Says: "after a reconnect nothing is sent again",
		Patches: patch("sim/faults.go", "	n.out.rewind(to)\n", ""), Fast: true,
	},
	{
		Name: "send-ahead", Says: "messages are sent to peers that must drop them",
		Patches: patch("sim/outbox.go", "if s.epoch > p.at.committed+uint64(n.w.plan.window) {", "if s.epoch > p.at.committed+1000 {"),
	},
	{
		Name: "blind-catch-up", Says: "blocks are adopted without a look at their certificates",
		Patches: patch("sim/follow.go", "h > n.m.Height()+1 || !n.w.proved(h, block.Hash(), b.cert)", "h > n.m.Height()+1"),
	},
	{
		Name: "no-catch-up", Says: "nobody fetches the blocks whose votes peers have forgotten",
		Patches: patch("sim/follow.go", "	if !n.following {\n", "	if !n.following && n.id < 0 {\n"), Fast: true,
	},
}
