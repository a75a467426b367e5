package generals

import (
	"fmt"
	"reflect"
	"testing"
)

func play(t *testing.T, o Options) *Report {
	t.Helper()
	r, err := Play(o)
	if err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	return r
}

// Agreement, validity and termination, with every lie and with messengers lost, as
// long as n > 3t; and every decision has its reason.
func TestLoyalGeneralsAgree(t *testing.T) {
	rules := map[Rule]int{}
	for seed := range uint64(1000) {
		for _, lie := range Lies() {
			n := []int{4, 4, 5, 7, 10}[seed%5]
			o := Options{Generals: n, Traitors: 1 + int(seed)%((n-1)/3), Lie: lie, Seed: seed, Lost: []float64{0, 0.3, 0.8}[seed%3]}
			if seed%4 == 0 { // all loyal ones alike
				for range o.loyal() {
					o.Orders = append(o.Orders, seed%8 == 0)
				}
			}
			r := play(t, o)
			if r.Outcome() != Agreed {
				t.Fatalf("%+v: %v, %v", o, r.Actions, r.CutOff)
			}
			if want, all := r.Unanimous(); all && r.Actions[0].Attack != want {
				t.Fatalf("%+v: all orders are %v, and they do %v", o, want, r.Actions[0].Attack)
			}
			for id := range r.Actions {
				why := r.Verdicts[id][0].Why
				if why.Rule == 0 {
					t.Fatalf("%+v: nobody knows why general %d has decided", o, id+1)
				}
				rules[why.Rule]++
			}
		}
	}
	for rule := Unanimity; rule <= Coin; rule++ {
		if rules[rule] == 0 {
			t.Errorf("rule %d never decided: %v", rule, rules)
		}
	}
}

// With n = 3t a traitor who tells two stories always divides the others, and one
// who says nothing stops them: the tests above can fail.
func TestTooManyTraitors(t *testing.T) {
	for seed := range uint64(200) {
		for n, lies := range map[int][]Lie{3: {Split, Commander}, 6: {Split, Commander}, 9: {Split}} {
			for _, lie := range lies {
				r := play(t, Options{Generals: n, Traitors: n / 3, Lie: lie, Seed: seed})
				if r.Outcome() != Disagreed {
					t.Errorf("n=%d, %s, seed %d: %v", n, lie, seed, r.Actions)
				}
			}
			if r := play(t, Options{Generals: n, Traitors: n / 3, Lie: Silent, Seed: seed}); r.Outcome() != Blocked {
				t.Errorf("n=%d, silent, seed %d: %v", n, seed, r.Actions)
			}
		}
	}
}

// With a threshold all loyal generals count the same, count nobody loyal who does
// not attack, and leave out at most f who do.
func TestThreshold(t *testing.T) {
	attacks := map[bool]int{}
	for seed := range uint64(250) {
		for _, lie := range []Lie{Split, Silent, Random} {
			n := []int{4, 7}[seed%2]
			o := Options{Generals: n, Traitors: (n - 1) / 3, Lie: lie, Seed: seed, Threshold: Fraction{1, 2}, Lost: float64(seed%3) / 4}
			r := play(t, o)
			if r.Outcome() != Agreed {
				t.Fatalf("%+v: %v", o, r.Actions)
			}
			will, missed := 0, 0
			for topic := range r.Topics {
				counted := r.Verdicts[0][topic].Attack
				for id := range r.Verdicts {
					if v := r.Verdicts[id][topic]; !v.Decided || v.Attack != counted {
						t.Fatalf("%+v: general %d thinks %+v of general %d", o, id+1, v, topic+1)
					}
				}
				if counted {
					will++
				}
				if topic < o.loyal() && counted && !r.Orders[topic] {
					t.Fatalf("%+v: general %d retreats and is counted on", o, topic+1)
				}
				if topic < o.loyal() && !counted && r.Orders[topic] {
					missed++
				}
			}
			a := r.Actions[0]
			if a.Count != will || a.Attack != (will >= o.Threshold.Of(n)) || missed > r.Quorum.Faulty() {
				t.Fatalf("%+v: %+v, %d will attack, %d are left out", o, a, will, missed)
			}
			attacks[a.Attack]++
		}
	}
	if attacks[true] == 0 || attacks[false] == 0 {
		t.Errorf("%v", attacks)
	}
}

// However late letters are, at most f loyal generals who would attack are left out.
func TestThresholdLeavesOutFew(t *testing.T) {
	for seed := range uint64(300) {
		n := []int{4, 7}[seed%2]
		o := Options{Generals: n, Lie: Silent, Seed: seed, Threshold: Fraction{1, 2}, Lost: MaxLost}
		for range n {
			o.Orders = append(o.Orders, true)
		}
		r := play(t, o)
		missed := n - r.Actions[0].Count
		if r.Outcome() != Agreed || missed > r.Quorum.Faulty() {
			t.Fatalf("n=%d, seed %d: %d of them are left out", n, seed, missed)
		}
	}
}

// Message delays of a decision: one if all n are for the same, two if n-f are for
// attack and the others say nothing.
func TestDelays(t *testing.T) {
	for _, n := range []int{4, 7, 16, 31} {
		for _, c := range []struct {
			traitors int
			attack   bool
			want     int
			rule     Rule
		}{{0, true, 1, Unanimity}, {0, false, 1, Unanimity}, {(n - 1) / 3, true, 2, Constant}} {
			o := Options{Generals: n, Traitors: c.traitors, Lie: Silent, Even: true}
			for range o.loyal() {
				o.Orders = append(o.Orders, c.attack)
			}
			r := play(t, o)
			for id, a := range r.Actions {
				if rule := r.Verdicts[id][0].Why.Rule; a.Hour != c.want || a.Attack != c.attack || rule != c.rule {
					t.Errorf("n=%d, %d silent: general %d: %+v by rule %d", n, c.traitors, id+1, a, rule)
				}
			}
		}
	}
}

// Lost messengers delay: the more, the later, and nothing worse, also for two
// generals, whose story is about nothing else.
func TestLostMessengersDelay(t *testing.T) {
	for _, n := range []int{2, 4, 13} {
		last := 0
		for _, lost := range []float64{0, 0.5, MaxLost} {
			hours := 0
			for seed := range uint64(100) {
				r := play(t, Options{Generals: n, Traitors: (n - 1) / 3, Lie: Split, Seed: seed, Lost: lost})
				if r.Outcome() != Agreed {
					t.Fatalf("n=%d, %v lost, seed %d: %v", n, lost, seed, r.Actions)
				}
				for _, a := range r.Actions {
					hours += a.Hour
				}
			}
			if hours <= last {
				t.Errorf("n=%d: %v lost takes %d hours, fewer lost took %d", n, lost, hours, last)
			}
			last = hours
		}
	}
}

func TestRunsRepeat(t *testing.T) {
	for _, lie := range Lies() {
		o := Options{Generals: 7, Traitors: 2, Lie: lie, Lost: 0.4, Seed: 9}
		if a, b := play(t, o), play(t, o); !reflect.DeepEqual(a.Story(), b.Story()) {
			t.Errorf("%s: the same seed tells two stories", lie)
		}
		p := o
		p.Seed++
		if a, b := play(t, o), play(t, p); reflect.DeepEqual(a.Story(), b.Story()) {
			t.Errorf("%s: two seeds tell the same story", lie)
		}
	}
}

// A story has an end for every way in which a run can go, and a bounded length.
func TestStories(t *testing.T) {
	for n := 2; n <= 10; n++ {
		for traitors := range n {
			for _, lie := range Lies() {
				for _, threshold := range []Fraction{{}, {3, 4}} {
					o := Options{Generals: n, Traitors: traitors, Lie: lie, Seed: uint64(n), Lost: 0.2, Threshold: threshold}
					if o.Check() != nil {
						continue
					}
					lines := play(t, o).Story()
					if len(lines) > shownLetters+6*n+20 {
						t.Errorf("%+v: %d lines", o, len(lines))
					}
				}
			}
		}
	}
}

func TestCheck(t *testing.T) {
	good := Options{Generals: 4, Traitors: 1, Lie: Split}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Options){
		"one general":         func(o *Options) { o.Generals = 1 },
		"too many":            func(o *Options) { o.Generals = MaxGenerals + 1 },
		"nobody loyal":        func(o *Options) { o.Traitors = 4 },
		"a negative number":   func(o *Options) { o.Traitors = -1 },
		"all are lost":        func(o *Options) { o.Lost = 1 },
		"orders for traitors": func(o *Options) { o.Orders = make([]bool, 4) },
		"no commander":        func(o *Options) { o.Traitors, o.Lie = 0, Commander },
		"an unknown lie":      func(o *Options) { o.Lie = "fib" },
	} {
		o := good
		change(&o)
		if _, err := Play(o); err == nil {
			t.Errorf("%s is played", name)
		}
	}
	most := good
	most.Generals, most.Lost, most.Orders = MaxGenerals, MaxLost, make([]bool, MaxGenerals-1)
	if err := most.Check(); err != nil {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"3/4": "3/4", "1/1": "1/1", "4/3": "", "0/4": "", "3": "", "": "", "a/b": "", "-1/2": "", "1/1001": "",
	} {
		if f, err := ParseFraction(text); (err == nil) != (want != "") || err == nil && f.String() != want {
			t.Errorf("%q: %v, %v", text, f, err)
		}
	}
	for _, c := range []struct{ n, want int }{{4, 3}, {5, 4}, {7, 6}, {8, 6}} {
		if got := (Fraction{3, 4}).Of(c.n); got != c.want {
			t.Errorf("3/4 of %d is %d", c.n, got)
		}
	}
	for text, want := range map[string]float64{"30%": 0.3, "0%": 0, "100%": 1, "30": -1, "-1%": -1, "101%": -1, "NaN%": -1, "x%": -1} {
		if got, err := ParseShare(text); (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"attack,retreat": "[true false]", "attack": "[true]", "": "", "attack,,": "", "flee": ""} {
		if got, err := ParseOrders(text); (err == nil) != (want != "") || err == nil && fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func BenchmarkPlay(b *testing.B) {
	b.ReportAllocs()
	for i := range b.N {
		if _, err := Play(Options{Generals: 7, Traitors: 2, Lie: Split, Seed: uint64(i)}); err != nil {
			b.Fatal(err)
		}
	}
}
