package doctor

import (
	"fmt"
	"io"
	"strings"
)

// Level says how bad a finding is.
type Level string

// The levels. A node runs with warnings, and not as it could.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Finding is what one check found.
type Finding struct {
	Level Level  `json:"level"`
	Check string `json:"check"`        // what was looked at, one word
	Text  string `json:"text"`         // what was found
	Do    string `json:"do,omitempty"` // what to do about it
}

// Report is the list of findings, in the order of the checks.
type Report []Finding

func (r *Report) ok(check, format string, args ...any) {
	*r = append(*r, Finding{OK, check, fmt.Sprintf(format, args...), ""})
}

func (r *Report) warn(check, do, format string, args ...any) {
	*r = append(*r, Finding{Warn, check, fmt.Sprintf(format, args...), do})
}

func (r *Report) fail(check, do, format string, args ...any) {
	*r = append(*r, Finding{Fail, check, fmt.Sprintf(format, args...), do})
}

// Count is how many findings have a level.
func (r Report) Count(l Level) (n int) {
	for _, f := range r {
		if f.Level == l {
			n++
		}
	}
	return n
}

// Print writes a line for each finding, and below it what to do.
func (r Report) Print(out io.Writer) error {
	wide := 0
	for _, f := range r {
		wide = max(wide, len(f.Check))
	}
	for _, f := range r {
		if _, err := fmt.Fprintf(out, "%-4s  %-*s  %s\n", f.Level, wide, f.Check, f.Text); err != nil {
			return err
		}
		if f.Do != "" {
			if _, err := fmt.Fprintf(out, "%s> %s\n", strings.Repeat(" ", 4+2+wide+2), f.Do); err != nil {
				return err
			}
		}
	}
	return nil
}
