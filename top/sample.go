package top

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"abad/api/wire"
	"abad/survey"
)

// Sample is the cluster at one moment. Speed and epochs are those that one node
// reports: all correct nodes make the same blocks.
type Sample struct {
	Survey   survey.Survey
	Reporter int // whose activity and epochs these are; -1: nobody's
	Activity wire.Activity
	Epochs   wire.Epochs
}

// Take asks all nodes how they are, and the best of them what is going on.
func Take(ctx context.Context, targets []survey.Target) Sample {
	s := Sample{Survey: survey.Ask(ctx, targets), Reporter: -1}
	best := s.best()
	if best < 0 {
		return s
	}
	limited, cancel := context.WithTimeout(ctx, survey.Patience)
	defer cancel()
	api := targets[best].Client
	var errs [2]error
	var asking sync.WaitGroup
	asking.Go(func() { s.Activity, errs[0] = api.Activity(limited) })
	asking.Go(func() { s.Epochs, errs[1] = api.Epochs(limited) })
	asking.Wait()
	if errs[0] == nil && errs[1] == nil {
		s.Reporter = s.Survey.Answers[best].Node
	}
	return s
}

// best is the first ready node, else the first that answers; -1: none.
func (s Sample) best() int {
	ready := slices.IndexFunc(s.Survey.Answers, func(a survey.Answer) bool { return a.Err == nil && a.Status.Ready })
	if ready >= 0 {
		return ready
	}
	return slices.IndexFunc(s.Survey.Answers, func(a survey.Answer) bool { return a.Err == nil })
}

// window is how many seconds the plots show.
const window = 60

// series are values, mean and most latency in milliseconds of the last window
// seconds before the sample; the second that is not over is left out.
func (s Sample) series() (values, mean, most []float64) {
	values, mean, most = make([]float64, window), make([]float64, window), make([]float64, window)
	end := s.Activity.Time.Unix()
	for _, sec := range s.Activity.Seconds {
		if i := window - int(min(max(end-sec.Second, 0), window+1)); i >= 0 && i < window {
			values[i], mean[i], most[i] = float64(sec.Values), sec.Mean, sec.Most
		}
	}
	return values, mean, most
}

// recent is how many seconds the figures beside the plots are of.
const recent = 10

// speed is values a second over the recent seconds.
func speed(values []float64) float64 {
	sum := 0.0
	for _, v := range values[len(values)-recent:] {
		sum += v
	}
	return sum / recent
}

// latency is the mean over the recent seconds that had blocks, and the most of
// them; ok is false when there was none.
func latency(mean, most []float64) (m, worst float64, ok bool) {
	count := 0
	for i := len(mean) - recent; i < len(mean); i++ {
		if most[i] > 0 {
			m, worst, count = m+mean[i], max(worst, most[i]), count+1
		}
	}
	return m / float64(max(count, 1)), worst, count > 0
}

// epochs are those under way, and the last one that became a block.
func (s Sample) epochs() []wire.EpochView {
	open := slices.SortedFunc(slices.Values(s.Epochs.Open), func(a, b wire.EpochView) int { return cmp.Compare(a.Epoch, b.Epoch) })
	if last := s.Epochs.Last; last != nil {
		open = append([]wire.EpochView{*last}, open...)
	}
	return open
}
