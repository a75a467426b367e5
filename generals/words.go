package generals

import (
	"fmt"
	"strings"

	"abad/aba"
	"abad/bft"
)

// words puts a letter into words; a commander's order is another than a promise.
func (l *Letter) words(q bft.Quorum, commanded bool) string {
	if v, ok := l.Order.Single(); ok && commanded {
		return deed(v) + "! That is an order"
	} else if ok && v {
		return "I will attack"
	} else if ok {
		return "I will not attack"
	}
	var text []string
	round := uint32(0)
	for _, msg := range l.Msgs {
		said := say(q, msg)
		if msg.Kind != aba.Decide && msg.Round != round {
			round = msg.Round
			said = fmt.Sprintf("round %d: %s", round+1, said)
		}
		text = append(text, said)
	}
	return strings.Join(text, "; ")
}

// say puts a message of package aba into words.
func say(q bft.Quorum, msg aba.Msg) string {
	v, _ := msg.Values.Single()
	switch {
	case msg.Kind == aba.BVal && msg.Round > 0: // what he goes on with, or follows f+1 in
		return deed(v) + " is possible"
	case msg.Kind == aba.BVal && msg.First:
		return "I am for " + deed(v)
	case msg.Kind == aba.BVal:
		return fmt.Sprintf("f+1 = %d are for %s, I follow", q.Amplify(), deed(v))
	case msg.Kind == aba.Aux:
		return fmt.Sprintf("%s has support", deed(v))
	case msg.Kind == aba.Conf && msg.Values == aba.Both:
		return "I heard of support for both"
	case msg.Kind == aba.Conf:
		return fmt.Sprintf("I heard of support for %s alone", deed(v))
	case msg.Kind == aba.Share:
		return "my piece of the coin"
	}
	return "it is decided: " + deed(v)
}

func deed(attack bool) string {
	if attack {
		return "attack"
	}
	return "retreat"
}

// acts is "generals 1, 3 attack" or "general 2 attacks".
func acts(who []bft.ID, verb string) string {
	if len(who) == 1 {
		return fmt.Sprintf("general %s %ss", numbers(who), verb)
	}
	return fmt.Sprintf("generals %s %s", numbers(who), verb)
}

func numbers(who []bft.ID) string {
	var text []string
	for _, id := range who {
		text = append(text, fmt.Sprint(id+1))
	}
	return strings.Join(text, ",")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func coins(n int) string {
	if n == 0 {
		return "no coin"
	}
	return count(n, "coin")
}

// both names all loyal generals.
func both(loyal int) string {
	switch loyal {
	case 1:
		return "the only loyal general"
	case 2:
		return "both loyal generals"
	}
	return fmt.Sprintf("all %d loyal generals", loyal)
}

func plural(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}
