package teeth

const (
	abaFile    = "aba/aba.go"
	settleFile = "aba/settle.go"
	roundFile  = "aba/round.go"
	rbcFile    = "rbc/rbc.go"
	quorumFile = "bft/quorum.go"
)

var agreementBugs = []Bug{
	{
		Name: "old-rounds", Says: "[1] votes of rounds already left are no longer relayed",
		Patches: patch(settleFile, "if touched <= m.current {", "if touched == m.current {"),
	},
	{
		Name: "driven-by-one", Says: "a decided node goes on as soon as any node votes in a later round",
		Patches: patch(settleFile, "m.ahead().Len() < m.cfg.Quorum.Amplify()", "m.ahead().Len() == 0"), Seeds: 20000,
	},
	{
		Name: "stop-at-decision", Says: "[1] a node stops when it has decided",
		Patches: patch(settleFile, "	s.Emit(Decided{Value: v})\n", "	s.Emit(Decided{Value: v})\n	m.halted = true\n"),
	},
	{
		Name: "conf-carries-bin", Says: "[2] CONF carries bin instead of what AUX said",
		Patches: patch(settleFile, "Kind: Conf, Round: m.current, Values: r.vals", "Kind: Conf, Round: m.current, Values: r.bin"),
	},
	{
		Name: "early-share", Says: "[2] the share goes out with CONF, before n-f CONF are in",
		Patches: patch(settleFile, "		r.confSent = true\n", "		r.confSent = true\n		m.toss(s, r, coin.Release)\n"), Fast: true,
	},
	{
		Name: "short-wait", Says: "[3] n-2f AUX and CONF are waited for instead of n-f",
		Patches: []Patch{
			{roundFile, "v[set].Len() >= q.Wait()", "v[set].Len() >= q.All()-2*q.Faulty()"},
			{roundFile, "count >= q.Wait()", "count >= q.All()-2*q.Faulty()"},
		},
	},
	{
		Name: "echo-quorum", Says: "[4] the echo quorum is n-2f",
		Patches: patch(quorumFile, "return (q.n+q.f)/2 + 1", "return q.n - 2*q.f"), Fast: true,
	},
	{
		Name: "unanimity-n-f", Says: "[5] unanimity at n-f first votes instead of n",
		Patches: patch(settleFile, "m.first[bit(v)].Len() < m.cfg.Quorum.All()", "m.first[bit(v)].Len() < m.cfg.Quorum.Wait()"), Fast: true,
	},
	{
		Name: "unanimity-any", Says: "[5] unanimity counts votes that were not their sender's first",
		Patches: patch(abaFile, "		if msg.First {\n			if m.first[bit(!v)].Has(from) {", "		if msg.Round == 0 {\n			if msg.Round > 0 {"), Seeds: 20000,
	},
	{
		Name: "one-bval", Says: "[6] a peer's second BVAL, for the other value, is dropped",
		Patches: patch(abaFile, "if !r.bval[bit(v)].Add(from) {", "if r.bval[bit(!v)].Has(from) || !r.bval[bit(v)].Add(from) {"),
	},
	{
		Name: "aux-per-message", Says: "[7] AUX is counted per message, not per sender",
		Patches: patch(abaFile, "		return record(&r.aux, from, msg.Values)\n",
			"		for r.aux[msg.Values].Has(from) && int(from)+1 < m.cfg.Quorum.All() {\n			from++\n		}\n		r.aux[msg.Values].Add(from)\n		return true, nil\n"),
	},
	{
		Name: "duplicate-panics", Says: "[8] a repeated vote brings a node down",
		Patches: patch("rbc/tally.go", "		if !t.of(h).Has(from) {\n", "		if panic(\"rbc: a second vote\"); true {\n"), Fast: true,
	},
	{
		Name: "slot-unchecked", Says: "[8] the slot number of a message is not checked",
		Patches: patch("acs/msg.go", "	if !q.Valid(m.Slot) {\n", "	if m.Slot > 1<<50 {\n"), Fast: true,
	},
	{
		Name: "coin-per-epoch", Says: "[9] the coin's name has no slot",
		Patches: patch("ledger/cert.go", "m.cfg.Era, epoch, slot, round)", "m.cfg.Era, epoch, 0*slot, round)"), Seeds: 5000,
	},
	{
		Name: "coin-per-slot", Says: "[9] the coin's name has no epoch",
		Patches: patch("ledger/cert.go", "m.cfg.Era, epoch, slot, round)", "m.cfg.Era, 0*epoch, slot, round)"),
	},
	{
		Name: "two-aux", Says: "AUX goes out for each value that joins bin",
		Patches: patch(settleFile, "		r.bin |= Of(v)\n		if !r.auxSent {\n", "		if r.bin.Has(v) {\n			continue\n		}\n		r.bin |= Of(v)\n		if true {\n"), Fast: true,
	},
	{
		Name: "late-coin", Says: "V may change after the share is out",
		Patches: patch(settleFile, "		if r.v = r.conf.quorum(m.cfg.Quorum, r.bin); r.v == None {\n			return false\n		}\n",
			"		v := r.conf.quorum(m.cfg.Quorum, r.bin)\n		if v == None {\n			return false\n		}\n		if _, known := r.flip(m, m.current).Value(); known {\n			r.v = v\n		}\n"),
		Seeds: 20000,
	},
}
