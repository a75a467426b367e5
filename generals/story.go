package generals

import (
	"fmt"
	"strings"

	"abad/aba"
	"abad/bft"
)

// shownLetters bounds the letters of a story: two screens.
const shownLetters = 48

// Tone says how a line is meant, for those who colour it.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Title
	Treason
	Good
	Bad
)

// Line is one of a story.
type Line struct {
	Tone Tone
	Text string
}

type story struct{ lines []Line }

func (s *story) say(tone Tone, format string, args ...any) {
	s.lines = append(s.lines, Line{tone, fmt.Sprintf(format, args...)})
}

// Story tells what has happened, from the orders to the end.
func (r *Report) Story() []Line {
	s := &story{}
	s.lines = append(s.lines, r.Options.Opening(r.Orders)...)
	s.say(Plain, "")
	s.say(Title, "the letters, by the hour")
	r.letters(s)
	s.say(Plain, "")
	if (r.Threshold != Fraction{}) {
		s.say(Title, "who will attack? one decision for each general")
		r.council(s)
		s.say(Plain, "")
	}
	s.say(Title, "what the loyal generals do, and why")
	r.actions(s)
	s.say(Plain, "")
	s.lines = append(s.lines, r.Ending()...)
	return s.lines
}

// Opening tells the situation.
func (o Options) Opening(orders []bool) []Line {
	s := &story{}
	q, _ := bft.NewQuorum(o.Generals) // checked
	s.say(Title, "%d generals, %s; the protocol survives %d", o.Generals, count(o.Traitors, "traitor"), q.Faulty())
	for i, attack := range orders {
		who := "is for"
		if o.Lie == Commander {
			who = "is ordered to"
		}
		s.say(Plain, "  general %d %s %s", i+1, who, deed(attack))
	}
	for i := o.loyal(); i < o.Generals; i++ {
		s.say(Treason, "  general %d is a traitor: %s", i+1, o.Lie.says(i == o.loyal()))
	}
	if (o.Threshold != Fraction{}) {
		s.say(Plain, "  the army attacks if %s of them will: %d of %d", o.Threshold, o.Threshold.Of(o.Generals), o.Generals)
	}
	return s.lines
}

// says is what a lie means; the first traitor may be the commander.
func (l Lie) says(first bool) string {
	switch {
	case l == Silent:
		return "he says nothing"
	case l == Random:
		return "he says anything to anybody"
	case l == Commander && first:
		return "he is the commander, gives different orders, and goes on lying"
	}
	return "attack to some, retreat to the others, in everything he says"
}

func (r *Report) letters(s *story) {
	shown, left := 0, 0
	messengers, captured := 0, 0
	for _, l := range r.Letters {
		messengers += len(l.To)
		for _, times := range l.Lost {
			messengers += times
			captured += times
		}
		if (r.Threshold != Fraction{}) && l.Order == aba.None {
			left++ // of n agreements at once; only their outcomes are of interest
			continue
		}
		if shown++; shown > shownLetters {
			left++
			continue
		}
		tone := Plain
		if l.Lie {
			tone = Treason
		}
		s.say(tone, "%4d  %d to %-8s %s%s", l.Hour, l.From+1, r.addressees(l)+":", l.words(r.Quorum, r.Lie == Commander), l.captures())
	}
	if left > 0 {
		s.say(Plain, "      ... and %s of the agreement", count(left, "more letter"))
	}
	s.say(Plain, "      %s, %s", count(len(r.Letters), "letter"), count(messengers, "messenger"))
	if captured > 0 {
		s.say(Plain, "      %d of them were captured and others sent, which took time and changed nothing else", captured)
	}
}

// addressees names them.
func (r *Report) addressees(l *Letter) string {
	if len(l.To) == r.Generals-1 {
		return "all"
	}
	return numbers(l.To)
}

func (l *Letter) captures() string {
	var to []string
	for i, times := range l.Lost {
		switch {
		case times == 1:
			to = append(to, fmt.Sprint(l.To[i]+1))
		case times > 1:
			to = append(to, fmt.Sprintf("%d (%d times)", l.To[i]+1, times))
		}
	}
	if len(to) == 0 {
		return ""
	}
	return "  [captured on the way to " + strings.Join(to, ", ") + "]"
}

func (r *Report) council(s *story) {
	for topic := range r.Topics {
		first := r.Verdicts[0][topic]
		same := true
		for _, verdicts := range r.Verdicts {
			same = same && verdicts[topic].Decided && verdicts[topic].Attack == first.Attack
		}
		switch {
		case !same:
			s.say(Bad, "  will general %d attack?  they do not agree", topic+1)
		case first.Attack:
			s.say(Plain, "  will general %d attack?  yes: %s", topic+1, first.Why.says(r.Quorum, "yes"))
		default:
			s.say(Plain, "  will general %d attack?  no: %s", topic+1, first.Why.says(r.Quorum, "no"))
		}
	}
	s.say(Plain, "  (the grounds are those of general 1)")
}

func (r *Report) actions(s *story) {
	for id, a := range r.Actions {
		v := r.Verdicts[id][0]
		switch {
		case !a.Known && r.CutOff:
			s.say(Bad, "  general %d still waits when the story is cut off", id+1)
		case !a.Known:
			s.say(Bad, "  general %d waits for ever: he needs n-f = %d generals' words", id+1, r.Quorum.Wait())
		case r.Threshold != Fraction{}:
			s.say(Plain, "  general %d %ss at hour %d: he counts on %d, where %d are needed", id+1, deed(a.Attack), a.Hour, a.Count, r.Threshold.Of(r.Generals))
		default:
			s.say(Plain, "  general %d %ss at hour %d, in round %d, %s: %s", id+1, deed(a.Attack), a.Hour, v.Why.Round+1, coins(v.Coins), v.Why.says(r.Quorum, deed(a.Attack)))
		}
	}
}

// Ending tells what came out, and why if it is no agreement.
func (r *Report) Ending() []Line {
	s := &story{}
	switch r.Outcome() {
	case Agreed:
		attack := r.Actions[0].Attack
		s.say(Good, "agreement: %s %s", both(len(r.Actions)), deed(attack)+plural(len(r.Actions)))
		if want, all := r.Unanimous(); (r.Threshold == Fraction{}) && all && want == attack && len(r.Orders) > 1 {
			s.say(Good, "validity: and that is what they all were for")
		}
		if c := r.Actions[0].Count; attack && (r.Threshold != Fraction{}) && r.Protected() {
			s.say(Good, "of the %d whom they count on, at least c-f = %d are loyal and do attack", c, max(0, c-r.Quorum.Faulty()))
		}
	case Disagreed:
		s.say(Bad, "no agreement: %s; %s", acts(r.who(true), "attack"), acts(r.who(false), "retreat"))
	case Blocked:
		s.say(Bad, "no decision: %s for ever", acts(r.waiting(), "wait"))
	}
	if !r.Protected() {
		r.lesson(s)
	}
	return s.lines
}

// lesson says why nothing was promised.
func (r *Report) lesson(s *story) {
	n, t := r.Generals, r.Traitors
	if r.Outcome() == Agreed {
		s.say(Plain, "it went well this time, but nothing was promised:")
	}
	s.say(Plain, "why: with %s among %d, nobody may wait for more than n-t = %d generals, since the others may be", count(t, "traitor"), n, n-t)
	shared := max(0, n-2*t)
	switch {
	case shared == 0:
		s.say(Plain, "silent. Two groups of %d need not share anybody, so each can decide for itself.", n-t)
	default:
		s.say(Plain, "silent. But two groups of %d need not share more than n-2t = %d; and if those are traitors, who tell", n-t, shared)
		s.say(Plain, "each group what it likes to hear, each group decides for itself.")
	}
	s.say(Plain, "So n > 3t is needed: %d generals for %s. Here n = %d, for which f = %d, and each", 3*t+1, count(t, "traitor"), n, r.Quorum.Faulty())
	s.say(Plain, "waits for n-f = %d and believes what f+1 = %d %s.", r.Quorum.Wait(), r.Quorum.Amplify(), map[bool]string{true: "says", false: "say"}[r.Quorum.Amplify() == 1])
}
