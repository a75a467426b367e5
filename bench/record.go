package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept from a microsecond to an hour, with three digits over the
// whole run and two in each part of the timeline.
const (
	longest      = int64(time.Hour / time.Microsecond)
	digits       = 3
	digitsInSlot = 2
)

// record is what one connection has seen. It belongs to one goroutine; records are
// merged when all is over.
type record struct {
	start time.Time // of the measuring
	end   time.Time
	slot  time.Duration // of the timeline

	latency *hdrhistogram.Histogram
	slots   []*hdrhistogram.Histogram // by the time of the answer
	// values is how many answers came within the measuring; meant is how many
	// were to be sent within it, and missing those of them without an answer.
	values, meant, missing, refused int
}

func newRecord(start time.Time, length time.Duration) *record {
	r := &record{start: start, end: start.Add(length), slot: slotLength(length), latency: histogram(digits)}
	r.slots = make([]*hdrhistogram.Histogram, int(length/r.slot)+1)
	return r
}

func histogram(digits int) *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, digits) }

// slotLength cuts a run into about a hundred parts of at least 100 ms.
func slotLength(length time.Duration) time.Duration {
	return max(100*time.Millisecond, (length / 100).Round(100*time.Millisecond))
}

// answered notes a value that was meant to be sent at one time and answered at
// another. A value counts for the throughput when its answer comes within the
// measuring, and for the latency when it was meant to be sent within it.
func (r *record) answered(meant, now time.Time) {
	if !now.Before(r.start) && now.Before(r.end) {
		r.values++
		i := int(now.Sub(r.start) / r.slot)
		if r.slots[i] == nil {
			r.slots[i] = histogram(digitsInSlot)
		}
		r.slots[i].RecordValue(micros(now.Sub(meant)))
	}
	if r.within(meant) {
		r.meant++
		r.latency.RecordValue(micros(now.Sub(meant)))
	}
}

// unanswered notes a value that has no answer at the end. Its latency is at least
// the time that it has waited, and leaving it out would flatter.
func (r *record) unanswered(meant, now time.Time) {
	if r.within(meant) {
		r.meant++
		r.missing++
		r.latency.RecordValue(micros(now.Sub(meant)))
	}
}

func (r *record) within(meant time.Time) bool {
	return !meant.Before(r.start) && meant.Before(r.end)
}

func micros(d time.Duration) int64 { return min(max(d.Microseconds(), 1), longest) }

// merge adds what another connection has seen of the same run.
func (r *record) merge(o *record) {
	r.latency.Merge(o.latency)
	for i, slot := range o.slots {
		switch {
		case slot == nil:
		case r.slots[i] == nil:
			r.slots[i] = slot
		default:
			r.slots[i].Merge(slot)
		}
	}
	r.values += o.values
	r.meant += o.meant
	r.missing += o.missing
	r.refused += o.refused
}

// Moment is one part of the timeline.
type Moment struct {
	Second float64 `json:"second"` // its middle, from the start of the measuring
	Rate   float64 `json:"values_per_s"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
}

// timeline gives the whole parts of a run.
func (r *record) timeline() []Moment {
	var list []Moment
	for i, slot := range r.slots[:int(r.end.Sub(r.start)/r.slot)] {
		m := Moment{Second: (float64(i) + 0.5) * r.slot.Seconds()}
		if slot != nil {
			m.Rate = float64(slot.TotalCount()) / r.slot.Seconds()
			m.P50, m.P99 = quantile(slot, 50), quantile(slot, 99)
		}
		list = append(list, m)
	}
	return list
}

// quantile is in milliseconds.
func quantile(h *hdrhistogram.Histogram, percent float64) float64 {
	return float64(h.ValueAtQuantile(percent)) / 1000
}
