package bench

import "time"

// schedule says when the values of one of several connections are meant to be sent:
// all connections together one value every 1/rate, in turns.
type schedule struct {
	start   time.Time
	rate    float64 // of all
	clients int
	client  int
	count   int // values so far
}

// due is the intended time of the next value. It does not depend on anything that
// happens.
func (s *schedule) due() time.Time {
	n := s.count*s.clients + s.client
	return s.start.Add(time.Duration(float64(n) / s.rate * float64(time.Second)))
}

func (s *schedule) next() { s.count++ }
