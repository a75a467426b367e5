package bench

import (
	"math"
	"testing"
	"time"
)

var epoch = time.Unix(1_800_000_000, 0)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.01*want+1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// A stall is charged to every value that was to be sent during it. A recorder that
// counts from the actual sending would show a p50 of 1 ms here.
func TestCoordinatedOmission(t *testing.T) {
	s := &schedule{start: epoch, rate: 1000, clients: 1}
	r := newRecord(epoch, 10*time.Second)
	naive := histogram(digits)
	for now := epoch; s.due().Before(epoch.Add(10 * time.Second)); s.next() {
		sent := s.due()
		if sent.Before(now) {
			sent = now // the one before has just come back: one in flight
		}
		took := time.Millisecond
		if s.count == 1000 {
			took = 8 * time.Second // the cluster stands still
		}
		if now = sent.Add(took); s.count > 1000 {
			now = sent // it has caught up at once
		}
		r.answered(s.due(), now)
		naive.RecordValue(micros(took))
	}
	near(t, "naive p50", quantile(naive, 50), 1)
	// 8 of 10 seconds' values waited, from 8 s down to nothing.
	near(t, "p50", quantile(r.latency, 50), 3000)
	near(t, "p90", quantile(r.latency, 90), 7000)
	near(t, "max", float64(r.latency.Max())/1000, 8000)
	if r.meant != 10_000 {
		t.Errorf("%d values", r.meant)
	}
}

// The connections together keep the rate, in turns, whatever happens.
func TestSchedule(t *testing.T) {
	seen := map[time.Duration]bool{}
	for client := range 3 {
		s := &schedule{start: epoch, rate: 300, clients: 3, client: client}
		for range 100 {
			seen[s.due().Sub(epoch).Round(time.Microsecond)] = true
			s.next()
		}
	}
	for i := range 300 {
		if at := (time.Duration(i) * time.Second / 300).Round(time.Microsecond); !seen[at] {
			t.Fatalf("nothing is due at %v", at)
		}
	}
}

// What counts for what: the answer's time for the throughput, the intended time for
// the latency; a value without an answer counts with the time that it has waited.
func TestRecordWindow(t *testing.T) {
	r := newRecord(epoch, time.Second)
	at := func(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }
	r.answered(at(-50), at(-10))  // before
	r.answered(at(-10), at(10))   // warm-up, answered within
	r.answered(at(100), at(150))  // within
	r.answered(at(900), at(1000)) // answered just after
	r.answered(at(1000), at(1010))
	r.unanswered(at(500), at(4500))
	r.unanswered(at(1500), at(4500)) // not of the measuring
	if r.values != 2 || r.meant != 3 || r.missing != 1 || r.latency.TotalCount() != 3 {
		t.Fatalf("%d values, %d meant, %d missing, %d latencies", r.values, r.meant, r.missing, r.latency.TotalCount())
	}
	near(t, "max", float64(r.latency.Max())/1000, 4000)
	other := newRecord(epoch, time.Second)
	other.answered(at(120), at(170))
	other.answered(at(920), at(970))
	r.merge(other)
	line := r.timeline()
	if r.values != 4 || len(line) != 10 {
		t.Fatalf("%d values, %d parts", r.values, len(line))
	}
	near(t, "rate of the second part", line[1].Rate, 20)
	near(t, "its p50", line[1].P50, 50)
	near(t, "rate of the last part", line[9].Rate, 10)
	if line[5].Rate != 0 || line[5].Second != 0.55 {
		t.Fatalf("%+v", line[5])
	}
}

func TestAfterFault(t *testing.T) {
	r := Result{Size: 1000, Faults: []Fault{{"kill", 3, 4}}}
	for i := range 10 {
		rate := 1000.0
		if i >= 4 {
			rate = 100 // for the time of settling, which does not count
		}
		if i >= 6 {
			rate = 600
		}
		r.Timeline = append(r.Timeline, Moment{Second: float64(i) + 0.5, Rate: rate})
	}
	r.afterFault()
	r.Against(10, 1.2)
	near(t, "after", r.After, 0.6)
	near(t, "of before", r.AfterRatio, 0.6)
	near(t, "of the ceiling", r.AfterWire, 0.5)
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]Fault{"3@10": {"kill", 3, 10}, "0@1.5s": {"kill", 0, 1.5}, "12@2m": {"kill", 12, 120}, "1@0": {"kill", 1, 0}} {
		if f, err := ParseFault("kill", text); err != nil || f != want {
			t.Errorf("%q is %+v %v", text, f, err)
		}
	}
	for _, bad := range []string{"", "3", "@3", "3@", "-1@3", "3@-1", "x@3", "3@x", "99999@1", "1@NaN", "1@1000000"} {
		if f, err := ParseFault("kill", bad); err == nil {
			t.Errorf("%q is %+v", bad, f)
		}
	}
}

func TestValidate(t *testing.T) {
	node := []Node{{URL: "http://127.0.0.1:1"}}
	good := Config{Nodes: node, Size: 250, Seconds: 1}
	c, err := good.Validate()
	if err != nil || c.Clients != 4 || c.Depth != defaultFlight/4 || c.Patience != defaultPatience || c.Tell == nil {
		t.Fatalf("%+v %v", c, err)
	}
	for name, change := range map[string]func(*Config){
		"nodes":       func(c *Config) { c.Nodes = nil },
		"size":        func(c *Config) { c.Size = 0 },
		"large":       func(c *Config) { c.Size = 9 << 20 },
		"rate":        func(c *Config) { c.Rate = -1 },
		"not a rate":  func(c *Config) { c.Rate = math.NaN() },
		"seconds":     func(c *Config) { c.Seconds = 0 },
		"clients":     func(c *Config) { c.Clients = maxClients + 1 },
		"alone":       func(c *Config) { c.Alone, c.Rate = true, 5 },
		"fault":       func(c *Config) { c.Faults = []Fault{{"kill", 1, 0}} },
		"not ours":    func(c *Config) { c.Faults = []Fault{{"kill", 0, 0}} },
		"too early":   func(c *Config) { c.Nodes = []Node{{Process: dummy{}}}; c.Faults = []Fault{{"kill", 0, -1}} },
		"late fault":  func(c *Config) { c.Nodes = []Node{{Process: dummy{}}}; c.Faults = []Fault{{"kill", 0, 1}} },
		"no patience": func(c *Config) { c.Patience = -1 },
	} {
		bad := good
		if change(&bad); func() error { _, err := bad.Validate(); return err }() == nil {
			t.Errorf("%s: valid", name)
		}
	}
}

type dummy struct{}

func (dummy) Kill() error     { return nil }
func (dummy) Stop() error     { return nil }
func (dummy) Continue() error { return nil }
