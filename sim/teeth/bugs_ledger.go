package teeth

const (
	openFile   = "ledger/open.go"
	commitFile = "ledger/commit.go"
)

var ledgerBugs = []Bug{
	{
		Name: "map-order", Says: "[11] a block's batches in the order of a Go map",
		Patches: patch(commitFile, "	return digests\n}\n\n// allHere", "	digests = nil\n	for d := range listed {\n		digests = append(digests, d)\n	}\n	return digests\n}\n\n// allHere"), Fast: true,
	},
	{
		Name: "window-open", Says: "K is ignored: a node opens epochs without end",
		Patches: patch(openFile, "if next > m.tip.height+uint64(m.cfg.Epochs) || ", "if "),
	},
	{
		Name: "window-keep", Says: "K is ignored: a node keeps what comes for epochs far ahead",
		Patches: patch("ledger/ledger.go", "if msg.Epoch > m.tip.height+uint64(m.cfg.Epochs) {", "if msg.Epoch > m.tip.height+uint64(m.cfg.Epochs)+64 {"),
	},
	{
		Name: "values-twice", Says: "one node does not skip the values that the log has",
		Patches: patch(commitFile, "m.recent.enter(ids, t.skip)", "m.recent.enter(ids, func(i int) { if m.cfg.Self != 0 { t.skip(i) } })"), Fast: true,
	},
	{
		Name: "batches-twice", Says: "nobody skips the batches that the log has",
		Patches: patch(commitFile, "!logged && !listed[d] {", "(logged || !logged) && !listed[d] {"),
	},
	{
		Name: "bench-local", Says: "a node benches those that it cannot reach itself",
		Patches: patch("ledger/epoch.go", "m.bench.of(number),", `func() bft.IDSet {
				b := m.bench.of(number)
				for id := range m.cfg.Quorum.IDs() {
					if id != m.cfg.Self && !m.up.Has(id) && b.Len() < m.cfg.Quorum.Faulty() {
						b.Add(id)
					}
				}
				return b
			}(),`), Seeds: 20000,
	},
	{
		Name: "no-orphans", Says: "nobody lists a slow or dead maker's batches",
		Patches: patch(openFile, "b.maker == m.cfg.Self || m.orphaned(b)", "b.maker == m.cfg.Self"), Fast: true,
	},
	{
		Name: "two-proposals", Says: "a replay forgets that the node has proposed",
		Patches: patch("ledger/restore.go", "		m.proposed(ep, h)\n", "		_ = h\n"),
	},
	{
		Name: "uncovered-ignored", Says: "an epoch is opened only for a node's own batches",
		Patches: patch(openFile, "		if !m.covered(b, next) {", "		if b.maker == m.cfg.Self && !m.covered(b, next) {"), Seeds: 20000,
	},
}
