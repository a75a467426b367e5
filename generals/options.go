package generals

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"abad/bft"
)

// MaxGenerals keeps a council with a threshold, which takes some 3 n^3 letters, to
// a few seconds.
const MaxGenerals = 31

// MaxLost is the largest share of captured messengers: one in ten gets through.
const MaxLost = 0.9

// Lie is what traitors do; the package comment says what each means.
type Lie string

// The lies.
const (
	Split     Lie = "split"
	Silent    Lie = "silent"
	Random    Lie = "random"
	Commander Lie = "commander"
)

// Lies lists them all.
func Lies() []Lie { return []Lie{Split, Silent, Random, Commander} }

// Options say what is played. The same options give the same run.
type Options struct {
	Generals int // 2 to [MaxGenerals]
	Traitors int // the last ones; 0 to Generals-1
	Lie      Lie
	Lost     float64 // share of loyal messengers that are captured, 0 to [MaxLost]
	// Orders of the loyal generals, from the first one on, true for attack. Those
	// that are missing are drawn; from a commander they alternate.
	Orders    []bool
	Threshold Fraction // zero: one decision for all
	Seed      uint64
	Even      bool // every ride takes one hour: hours are message delays
}

// Check names what is wrong with the options.
func (o Options) Check() error {
	switch {
	case o.Generals < 2 || o.Generals > MaxGenerals:
		return fmt.Errorf("%d generals, and 2 to %d can play", o.Generals, MaxGenerals)
	case o.Traitors < 0 || o.Traitors >= o.Generals:
		return fmt.Errorf("%d traitors among %d generals: 0 to %d leave somebody to protect", o.Traitors, o.Generals, o.Generals-1)
	case !(o.Lost >= 0 && o.Lost <= MaxLost):
		return fmt.Errorf("%.0f%% of the messengers are lost, and 0%% to %.0f%% can be", 100*o.Lost, 100*MaxLost)
	case len(o.Orders) > o.loyal():
		return fmt.Errorf("%d orders for %d loyal generals", len(o.Orders), o.loyal())
	case o.Lie == Commander && o.Traitors == 0:
		return errors.New("the commander who lies is a traitor, and there is none")
	case o.Lie == Commander && o.Threshold != Fraction{}:
		return errors.New("with a threshold every general decides for himself, and there is no commander")
	}
	_, err := ParseLie(string(o.Lie))
	return err
}

func (o Options) loyal() int { return o.Generals - o.Traitors }

func (o Options) isLoyal(id bft.ID) bool { return int(id) < o.loyal() }

// Half reports whether a loyal general is of the half that hears attack from a
// traitor who splits.
func (o Options) Half(id bft.ID) bool { return int(id) < (o.loyal()+1)/2 }

// Draw gives the orders of all loyal generals; those that are not among the options
// are drawn from the seed.
func (o Options) Draw() []bool {
	draw := rand.New(rand.NewPCG(o.Seed, 0x6f7264657273))
	orders := append([]bool{}, o.Orders...)
	for len(orders) < o.loyal() {
		order := draw.IntN(2) == 0
		if o.Lie == Commander {
			order = len(orders)%2 == 0
		}
		orders = append(orders, order)
	}
	return orders
}

// ParseLie reads the name of a lie.
func ParseLie(name string) (Lie, error) {
	var names []string
	for _, l := range Lies() {
		if string(l) == name {
			return l, nil
		}
		names = append(names, string(l))
	}
	return "", fmt.Errorf("%q is no lie: they are %s", name, strings.Join(names, ", "))
}

// ParseOrders reads orders like "attack,attack,retreat".
func ParseOrders(text string) ([]bool, error) {
	var orders []bool
	for word := range strings.SplitSeq(text, ",") {
		switch strings.TrimSpace(word) {
		case "attack":
			orders = append(orders, true)
		case "retreat":
			orders = append(orders, false)
		default:
			return nil, fmt.Errorf("%q is neither attack nor retreat", word)
		}
	}
	return orders, nil
}

// ParseShare reads a percentage like "30%", from 0% to 100%.
func ParseShare(text string) (float64, error) {
	number, ok := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(share >= 0 && share <= 100) {
		return 0, fmt.Errorf("%q is not a percentage like 30%%", text)
	}
	return share / 100, nil
}

// Fraction is a part of all generals.
type Fraction struct{ Part, Whole int }

// ParseFraction reads one like "3/4".
func ParseFraction(text string) (Fraction, error) {
	var f Fraction
	part, whole, ok := strings.Cut(text, "/")
	var err1, err2 error
	f.Part, err1 = strconv.Atoi(part)
	f.Whole, err2 = strconv.Atoi(whole)
	if !ok || err1 != nil || err2 != nil || f.Part < 1 || f.Part > f.Whole || f.Whole > 1000 {
		return Fraction{}, fmt.Errorf("%q is not a fraction like 3/4", text)
	}
	return f, nil
}

// Of is how many of n that is, rounded up.
func (f Fraction) Of(n int) int { return (f.Part*n + f.Whole - 1) / f.Whole }

func (f Fraction) String() string { return fmt.Sprintf("%d/%d", f.Part, f.Whole) }
