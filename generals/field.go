package generals

import (
	"container/heap"

	"abad/aba"
	"abad/bft"
)

// Rides in hours.
const (
	longestRide = 4
	// patience is after how long a messenger who has not come back is given up, and
	// another one sent.
	patience = 5
)

// Letter is what a general writes at one time about one decision.
type Letter struct {
	Hour  int
	From  bft.ID
	To    []bft.ID
	Topic int // the decision it is about, in [Report.Topics]
	// Order is what its writer says he will do, or what the commander orders;
	// letters of the agreement have Msgs.
	Order aba.Set
	Msgs  []aba.Msg
	Lie   bool
	Lost  []int // captured messengers by addressee
}

// messenger carries a letter to one general.
type messenger struct {
	hour int
	tie  uint64 // order among those of one hour
	to   bft.ID
	*Letter
}

// road holds the messengers under way, the next one to arrive first.
type road []messenger

func (r road) Len() int { return len(r) }
func (r road) Less(i, j int) bool {
	if r[i].hour != r[j].hour {
		return r[i].hour < r[j].hour
	}
	return r[i].tie < r[j].tie
}
func (r road) Swap(i, j int) { r[i], r[j] = r[j], r[i] }
func (r *road) Push(m any)   { *r = append(*r, m.(messenger)) }
func (r *road) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}

// send puts a letter on the road, a messenger for each addressee.
func (w *war) send(l *Letter) {
	l.Hour = w.hour
	l.Lost = make([]int, len(l.To))
	for i, to := range l.To {
		hour := w.hour + 1
		if !l.Lie && !w.o.Even {
			hour += w.rand.IntN(longestRide)
		}
		for !l.Lie && w.rand.Float64() < w.o.Lost {
			hour += patience
			l.Lost[i]++
		}
		heap.Push(&w.road, messenger{hour, w.rand.Uint64(), to, l})
	}
	w.report.Letters = append(w.report.Letters, l)
}

// others gives all generals but one.
func (w *war) others(id bft.ID) []bft.ID {
	var list []bft.ID
	for other := range w.quorum.IDs() {
		if other != id {
			list = append(list, other)
		}
	}
	return list
}

// ride lets messengers arrive until the road is empty, or there were too many.
func (w *war) ride() {
	for arrived := 0; len(w.road) > 0; arrived++ {
		if arrived == maxArrivals {
			w.report.CutOff = true
			return
		}
		m := heap.Pop(&w.road).(messenger)
		w.hour = m.hour
		if t := w.traitors[m.to]; t != nil {
			t.read(m.Letter)
		} else {
			w.loyal[m.to].read(m.Letter)
		}
	}
}
