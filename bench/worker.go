package bench

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"abad/batch"
	"abad/client"
)

// worker is one client of the cluster: one pipeline at a time, to a node that it
// leaves when that does not answer.
type worker struct {
	conf    Config
	clients []*client.Client // of all nodes, in the order in which it tries them
	node    int              // where it is
	sched   *schedule        // nil: closed loop
	record  *record
	stop    time.Time // no values are sent from here on
	done    *atomic.Int64
	payload []byte // of which each value is a piece
	dice    *rand.ChaCha8

	mu      sync.Mutex
	room    sync.Cond
	flight  []sent // without an answer, oldest first
	front   int
	heard   time.Time // the last answer, or the start of the pipeline
	moves   int       // to another node
	refused error     // the first refusal
	lost    error     // what the last connection ended with, if not with ctx
}

// sent is a value under way.
type sent struct {
	id    batch.ValueID
	at    int // in payload
	meant time.Time
}

// spare is how much longer the payload is than a value, so that values differ.
const spare = 1 << 12

func newWorker(c Config, clients []*client.Client, index int) *worker {
	w := &worker{conf: c, clients: itinerary(clients, index)}
	w.room.L = &w.mu
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], rand.Uint64()) // names must not come twice, in any run
	binary.LittleEndian.PutUint64(seed[8:], rand.Uint64())
	binary.LittleEndian.PutUint64(seed[16:], uint64(index))
	w.dice = rand.NewChaCha8(seed)
	w.payload = make([]byte, c.Size+spare)
	w.dice.Read(w.payload)
	return w
}

// itinerary gives the nodes in the order in which a worker tries them: those that begin
// at the same node go on to different ones.
func itinerary[T any](nodes []T, index int) []T {
	n := len(nodes)
	home, round := index%n, index/n
	order := []T{nodes[home]}
	for i := range n - 1 {
		order = append(order, nodes[(home+1+(i+round)%(n-1))%n])
	}
	return order
}

// run sends until it is time to stop, and waits for the answers until ctx ends.
func (w *worker) run(ctx context.Context) error {
	for {
		err := w.connection(ctx)
		over := w.front == len(w.flight) && !time.Now().Before(w.stop) // nothing is under way, or will be
		switch {
		case unwelcome(err):
			return err
		case err == nil || ctx.Err() != nil || over:
			if ctx.Err() == nil {
				w.lost = err
			}
			now := time.Now()
			for _, v := range w.flight[w.front:] {
				w.record.unanswered(v.meant, now)
			}
			w.missed(now)
			return w.refused
		}
		w.node = (w.node + 1) % len(w.clients)
		w.moves++
		if pause(ctx, 20*time.Millisecond) != nil {
			continue // the top of the loop ends it
		}
	}
}

// unwelcome reports whether a node will not take values from us whenever we ask.
func unwelcome(err error) bool {
	var refused *client.Error
	var untrusted *tls.CertificateVerificationError
	return errors.As(err, &untrusted) ||
		errors.As(err, &refused) && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden)
}

// missed notes the values of an open loop that were meant to be sent and were not,
// because the connection did not take them.
func (w *worker) missed(now time.Time) {
	if w.sched == nil {
		return
	}
	for due := w.sched.due(); due.Before(w.stop); due = w.sched.due() {
		w.record.unanswered(due, now)
		w.sched.next()
	}
}

// connection is one pipeline from its start to its end. It returns nil when all is
// sent and answered.
func (w *worker) connection(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w.mu.Lock()
	w.heard = time.Now()
	w.mu.Unlock()
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer cancel(nil)
	helpers.Go(func() { w.watch(ctx, cancel) })
	p, err := w.clients[w.node].Pipeline(ctx)
	if err != nil {
		return err
	}
	defer p.Close() // lets the sender go
	helpers.Go(func() { w.send(ctx, p) })
	for {
		a, err := p.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		w.take(a)
	}
}

var errImpatient = errors.New("the node does not answer")

// watch gives the connection up when nothing comes although something should, and
// wakes the sender when ctx ends.
func (w *worker) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	defer w.wake() // ctx has ended, and the sender may have looked just before
	for {
		w.mu.Lock()
		if w.front == len(w.flight) {
			w.heard = time.Now() // nothing is due
		}
		left := w.conf.Patience - time.Since(w.heard)
		w.mu.Unlock()
		if left <= 0 {
			cancel(errImpatient)
			return
		}
		if pause(ctx, min(left, 100*time.Millisecond)) != nil {
			return
		}
	}
}

func (w *worker) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.room.Broadcast()
}

// take notes an answer.
func (w *worker) take(a client.Answer) {
	w.mu.Lock()
	v := w.flight[w.front]
	if w.front++; w.front == len(w.flight) {
		w.flight, w.front = w.flight[:0], 0
	} else if w.front >= 4096 && 2*w.front > len(w.flight) {
		w.flight, w.front = append(w.flight[:0], w.flight[w.front:]...), 0
	}
	w.heard = a.Came
	if a.Err != nil && w.refused == nil {
		w.refused = a.Err
	}
	w.room.Signal()
	w.mu.Unlock()
	if a.Err != nil {
		w.record.refused++
		return
	}
	w.record.answered(v.meant, a.Came)
	w.done.Add(1)
}

// send first repeats what the last connection left, then goes on.
func (w *worker) send(ctx context.Context, p *client.Pipeline) {
	w.mu.Lock()
	again := append([]sent(nil), w.flight[w.front:]...)
	w.mu.Unlock()
	for _, v := range again {
		if p.Send(v.id, w.value(v)) != nil {
			return
		}
	}
	for {
		meant, ok := w.turn(ctx)
		if !ok {
			break
		}
		v := sent{meant: meant, at: int(w.dice.Uint64() % spare)}
		w.dice.Read(v.id[:])
		w.mu.Lock()
		w.flight = append(w.flight, v)
		w.mu.Unlock()
		if p.Send(v.id, w.value(v)) != nil {
			return
		}
	}
	if ctx.Err() == nil {
		p.CloseSend()
	}
}

func (w *worker) value(v sent) []byte { return w.payload[v.at : v.at+w.conf.Size] }

// turn waits until the next value is to be sent, and tells when that was meant to be; or
// reports false when none is.
func (w *worker) turn(ctx context.Context) (meant time.Time, ok bool) {
	if w.sched != nil {
		due := w.sched.due()
		if !due.Before(w.stop) {
			return due, false
		}
		if wait := time.Until(due); wait > 0 && pause(ctx, wait) != nil || ctx.Err() != nil {
			return due, false
		}
		w.sched.next()
		return due, true
	}
	w.mu.Lock()
	for len(w.flight)-w.front >= w.conf.Depth && ctx.Err() == nil {
		w.room.Wait()
	}
	meant = w.heard // there is room since then
	w.mu.Unlock()
	if w.conf.Alone {
		if pause(ctx, alonePause) != nil {
			return meant, false
		}
		meant = time.Now()
	}
	return meant, ctx.Err() == nil && meant.Before(w.stop)
}
