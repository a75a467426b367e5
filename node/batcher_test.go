package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"abad/batch"
	"abad/bft"
	"abad/ledger"
)

// A batch that no epoch takes is made by itself, and not put off for ever by epochs
// that are opened without it.
func TestBatchesAreNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rest = 20 * time.Millisecond
		for name, c := range map[string]struct {
			every time.Duration // an epoch is opened
			took  time.Duration
		}{
			"once":            {time.Hour, 2 * rest},
			"again and again": {rest / 4, 2 * rest},
		} {
			b := newBatcher(Limits{}.withDefaults())
			began := time.Now()
			b.opened(rest)
			if _, err := b.enqueue(time.Now(), batch.Value{Payload: []byte("value")}); err != nil {
				t.Fatal(err)
			}
			next := began.Add(c.every)
			for {
				sealed, wait := b.take()
				if sealed != nil {
					break
				}
				time.Sleep(min(wait, time.Until(next)))
				if !time.Now().Before(next) {
					next = next.Add(c.every)
					b.opened(rest)
				}
				if time.Since(began) > time.Second {
					break
				}
			}
			if got := time.Since(began); got != c.took {
				t.Errorf("epochs are opened %s: a value waits %v, want %v", name, got, c.took)
			}
		}
	})
}

// An epoch that is opened takes what is here; after a rest a value waits for nothing.
func TestBatchesFollowTheEpochs(t *testing.T) {
	b := newBatcher(Limits{}.withDefaults())
	enqueue := func() {
		t.Helper()
		if _, err := b.enqueue(time.Now(), batch.Value{Payload: []byte("value")}); err != nil {
			t.Fatal(err)
		}
	}
	b.opened(time.Hour)
	enqueue()
	if sealed, _ := b.take(); sealed != nil {
		t.Error("a batch is made during the rest")
	}
	enqueue()
	if sealed := b.takeOpen(); sealed == nil || len(sealed.came) != 2 || b.own().Values != 2 {
		t.Errorf("an epoch takes %v, and %d values wait", sealed, b.own().Values)
	}
	if b.takeOpen() != nil {
		t.Error("a batch of nothing")
	}
	enqueue()
	b.rested()
	if sealed, _ := b.take(); sealed == nil {
		t.Error("after the rest a value waits")
	}
	enqueue()
	if sealed, wait := b.take(); sealed != nil || wait < time.Hour/2 {
		t.Errorf("each value gets a batch of its own where no epoch is opened: the next after %v", wait)
	}
}

// A value that waits for the end of a rest is in the epoch that is opened then: at its
// end, or because a peer opens one.
func TestAnEpochTakesWhatIsHere(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	d := c.nodes[0].driver
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.look(within(t), func() { d.pace.took = time.Hour })) // rests do not end by themselves
	_, err := c.nodes[0].Submit(within(t), value(0))
	must(err)
	for i, open := range []func(){
		func() { d.pace.next = time.Now() },
		func() { go c.nodes[1].Submit(context.Background(), value(10)) },
	} {
		ticket, err := d.batcher.enqueue(time.Now(), value(1+i))
		must(err)
		must(d.look(within(t), open))
		if _, err := ticket.Wait(within(t), 0); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// The end of a rest makes a batch of what is here, before the ledger hears of it.
func TestTheEndOfARestMakesABatch(t *testing.T) {
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	b := newBatcher(Limits{}.withDefaults())
	b.opened(time.Hour)
	if _, err := b.enqueue(time.Now(), batch.Value{Payload: []byte("value")}); err != nil {
		t.Fatal(err)
	}
	launched := 0
	d := &driver{batcher: b, ledger: ledger.New(ledger.Config{Quorum: q, Epochs: 8}), launch: func(*building) (storing, error) {
		launched++
		return storing{}, errors.New("no further than here")
	}}
	d.hurry()
	if launched != 0 {
		t.Error("a batch without a rest that ends")
	}
	d.pace.next = time.Now()
	if d.hurry(); launched != 1 {
		t.Errorf("%d batches at the end of a rest", launched)
	}
}

// Of values that come together those go together that one batch takes. The next one says
// what is wrong with it, or goes into the next batch.
func TestValuesThatComeTogether(t *testing.T) {
	limits := Limits{MaxValue: 1000, BatchTarget: 1000}.withDefaults()
	empty, large := batch.Value{}, batch.Value{Payload: make([]byte, limits.MaxValue+1)}
	values := func(n int) (vs []batch.Value) {
		for i := range n {
			v := value(i)
			v.Payload = make([]byte, 250)
			vs = append(vs, v)
		}
		return vs
	}
	for name, c := range map[string]struct {
		vs     []batch.Value
		queued int64 // before
		taken  []int // by one call after the other
		err    error // of the last
	}{
		"one batch":       {vs: values(3), taken: []int{3}},
		"many":            {vs: values(8), taken: []int{3, 3, 2}},
		"an empty one":    {vs: append(values(2), empty, value(3)), taken: []int{2}, err: ErrEmpty},
		"a large one":     {vs: append(values(1), large), taken: []int{1}, err: ErrTooLarge},
		"the first of it": {vs: append([]batch.Value{empty}, values(1)...), err: ErrEmpty},
		"room for two":    {vs: values(3), queued: limits.Backlog/2 - 700, taken: []int{2}, err: ErrBusy},
	} {
		b := newBatcher(limits)
		b.queued = c.queued
		accepted, batches := 0, map[*fate]int{}
		for _, n := range c.taken {
			ticket, err := b.enqueue(time.Now(), c.vs...)
			if err != nil || ticket.Len() != n || ticket.first != batches[ticket.fate] {
				t.Fatalf("%s: %+v, %v, want %d", name, ticket, err, n)
			}
			batches[ticket.fate] += n
			accepted, c.vs = accepted+n, c.vs[n:]
		}
		if c.err != nil {
			if ticket, err := b.enqueue(time.Now(), c.vs...); !errors.Is(err, c.err) || ticket != nil {
				t.Errorf("%s: %+v, %v", name, ticket, err)
			}
		} else if len(c.vs) > 0 {
			t.Errorf("%s: %d are left", name, len(c.vs))
		}
		if got := b.outcomes()[OutcomeAccepted]; got != uint64(accepted) || b.own().Values != accepted || len(batches) != len(c.taken) {
			t.Errorf("%s: %d accepted in %d batches, %d wait, want %d", name, got, len(batches), b.own().Values, accepted)
		}
	}
}
