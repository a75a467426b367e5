package netem

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxQueued bounds the bytes on their way on one link, like the buffer of a
// router: what comes above it is lost. 300 ms at 100 MB/s take half of it.
const maxQueued = 64 << 20

// maxWait is how long a packet may wait for its turn on a link that carries only so much
// a second: what would wait longer is lost, as at a router whose buffer is full.
const maxWait = 200 * time.Millisecond

// burst is what the kernel gets in one call: a packet, or several of one size with
// the control message that says so.
type burst struct {
	due       time.Time
	data, oob []byte
	send      func(data, oob []byte) error
}

// line is one link, from this node to another.
type line struct {
	delay, jitter time.Duration
	loss          float64
	bandwidth     float64 // in bytes a second; 0: no bound

	mu     sync.Mutex
	free   time.Time // when the bytes before have left, as far as bandwidth goes
	dice   *rand.Rand
	queue  []burst
	bytes  int
	last   time.Time // when the newest is due
	timer  *time.Timer
	armed  bool // the timer will call deliver, or deliver runs
	closed bool
	work   sync.WaitGroup // calls of deliver to come
}

// lines are all links of a node.
type lines struct {
	places map[netip.AddrPort]int
	to     []*line
}

func newLines(n Network, self int, places map[netip.AddrPort]int) *lines {
	all := &lines{places: places}
	for to := range len(places) {
		all.to = append(all.to, &line{
			delay:  n.delay(self, to),
			jitter: time.Duration(n.Jitter * float64(time.Millisecond)),
			loss:   n.Loss, bandwidth: n.Bandwidth * 1e6,
			dice: rand.New(rand.NewPCG(n.Seed, uint64(self)<<32|uint64(to))),
		})
	}
	return all
}

// find gives the link to an address, nil if nothing happens to its packets.
func (l *lines) find(addr net.Addr) *line {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return nil
	}
	i, ok := l.places[place(udp.AddrPort())]
	if !ok {
		return nil
	}
	if line := l.to[i]; line.delay > 0 || line.jitter > 0 || line.loss > 0 || line.bandwidth > 0 {
		return line
	}
	return nil
}

// close loses what is on its way, and waits until nothing runs any more.
func (l *lines) close() {
	for _, line := range l.to {
		line.close()
	}
}

func (l *line) close() {
	l.mu.Lock()
	l.closed, l.queue = true, nil
	if l.timer != nil && l.timer.Stop() {
		l.work.Done()
	}
	l.mu.Unlock()
	l.work.Wait()
}

// put sends the packets of a burst, each of size bytes but for the last one, on
// their way. It keeps neither data nor oob.
func (l *line) put(data, oob []byte, size int, send func(data, oob []byte) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	extra := l.delay
	if l.jitter > 0 {
		extra += time.Duration(l.dice.Int64N(2*int64(l.jitter)+1)) - l.jitter
	}
	for run := range l.survivors(data, size) {
		run, left := l.transmit(run, size)
		if l.bytes+len(run) > maxQueued {
			break
		}
		if len(run) == 0 {
			continue
		}
		due := left.Add(extra)
		if due.Before(l.last) {
			due = l.last
		}
		l.last = due
		l.bytes += len(run)
		l.queue = append(l.queue, burst{due, append([]byte(nil), run...), append([]byte(nil), oob...), send})
	}
	if !l.armed && len(l.queue) > 0 {
		l.arm()
	}
	return nil
}

// transmit gives as many packets of a run as the link has room for, and when the last of
// them has left. A run leaves as a whole: it is 64 KiB at most.
func (l *line) transmit(run []byte, size int) ([]byte, time.Time) {
	now := time.Now()
	if l.bandwidth == 0 {
		return run, now
	}
	if l.free.Before(now) {
		l.free = now
	}
	for at := 0; at < len(run); at += size {
		if l.free.Sub(now) >= maxWait {
			return run[:at], l.free
		}
		packet := run[at:min(at+size, len(run))]
		l.free = l.free.Add(time.Duration(float64(len(packet)) / l.bandwidth * float64(time.Second)))
	}
	return run, l.free
}

// survivors draws the losses and yields the runs of packets between them. A run is
// a burst as good as the whole: all its packets but the last have the full size.
func (l *line) survivors(data []byte, size int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if l.loss == 0 {
			yield(data)
			return
		}
		begin := 0
		for at := 0; at < len(data); at += size {
			if l.dice.Float64() >= l.loss {
				continue
			}
			if at > begin && !yield(data[begin:at]) {
				return
			}
			begin = min(at+size, len(data))
		}
		if begin < len(data) {
			yield(data[begin:])
		}
	}
}

// arm sets the timer for the oldest burst; the caller holds the lock.
func (l *line) arm() {
	l.armed = true
	l.work.Add(1)
	l.timer = time.AfterFunc(time.Until(l.queue[0].due), l.deliver)
}

// deliver gives the socket what is due. At most one call runs at a time, so the
// order stays.
func (l *line) deliver() {
	defer l.work.Done()
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			l.armed = false
			l.mu.Unlock()
			return
		}
		if time.Until(l.queue[0].due) > 0 {
			l.arm()
			l.mu.Unlock()
			return
		}
		next := l.queue[0]
		l.queue[0] = burst{}
		l.queue = l.queue[1:]
		l.bytes -= len(next.data)
		l.mu.Unlock()
		_ = next.send(next.data, next.oob) // a packet that cannot be sent is lost, as on a real link
	}
}
