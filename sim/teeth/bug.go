package teeth

// Bug is one planted bug.
type Bug struct {
	Name    string
	Says    string // what is wrong, as a reader of the table wants it
	Patches []Patch
	Seeds   int  // the simulator must find it within so many
	Fast    bool // hunted in every test run
}

// Patch replaces text that occurs exactly once in a file of the module.
type Patch struct{ File, Old, New string }

func patch(file, old, changed string) []Patch { return []Patch{{file, old, changed}} }

// Bugs is all of them: those of other implementations that the protocol's page
// lists (section 10, numbers in brackets), then thresholds, ledger and driver.
func Bugs() []Bug {
	var list []Bug
	for _, part := range [][]Bug{agreementBugs, thresholdBugs, ledgerBugs, driverBugs} {
		for _, b := range part {
			if b.Seeds == 0 {
				b.Seeds = 1000
			}
			list = append(list, b)
		}
	}
	return list
}
