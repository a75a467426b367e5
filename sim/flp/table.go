package flp

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// tailRows is how many random rounds the table of the tail goes through.
const tailRows = 10

// Print writes the tables.
func (r Report) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "coin\tn\tliars\truns\tdecided\tcut off\trandom rounds\t95 % interval\ttheory\tall rounds\tlongest\t")
	for _, c := range r.Cells {
		mean, interval, theory := "-", "-", "for ever"
		if c.Mean != nil {
			mean, interval = short(c.Mean.Value), short(c.Mean.Low)+" to "+short(c.Mean.High)
		}
		if c.Theory > 0 {
			theory = short(c.Theory)
		}
		fmt.Fprintf(w, "%v\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%d\t\n", c.Coin, c.Nodes, c.Liars, c.Runs, c.Runs-c.CutOff, c.CutOff,
			mean, interval, theory, short(float64(c.Rounds)/float64(c.Runs)), c.Longest)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return r.printTail(out)
}

// printTail compares the tail of the common coin with the geometric one.
func (r Report) printTail(out io.Writer) error {
	cells := r.of(Common)
	if len(cells) == 0 {
		return nil
	}
	fmt.Fprintf(out, "\nshare of runs with a common coin that are undecided after so many random rounds\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "rounds\ttheory\t")
	for _, c := range cells {
		fmt.Fprintf(w, "n=%d\t", c.Nodes)
	}
	fmt.Fprintln(w)
	for k := 1; k <= tailRows; k++ {
		fmt.Fprintf(w, "%d\t%.4f\t", k, math.Ldexp(1, -k))
		for _, c := range cells {
			fmt.Fprintf(w, "%.4f\t", c.Undecided(k))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// of gives the cells with one coin.
func (r Report) of(coin Coin) (cells []Cell) {
	for _, c := range r.Cells {
		if c.Coin == coin {
			cells = append(cells, c)
		}
	}
	return cells
}

// short prints three digits or all whole ones.
func short(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
