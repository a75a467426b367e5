package sim

// kind tells what an event is.
type kind uint8

// The events.
const (
	evMessage   kind = iota // a protocol message; ref is its place in world.msgs
	evBytes                 // bytes of a faulty node for the decoder; ref is their place in world.raw
	evPosition              // how far the sender is
	evPush                  // a batch arrives; ref is its number
	evPull                  // a pull of a listed batch; ref is its place in world.pulls
	evHurry                 // the hint that ends the wait of an epoch
	evRest                  // the hint that a node may open the next epoch
	evTick                  // a node's sync, and what it then sends
	evCertifier             // the certifier has done a job; ref is its place in world.jobs
	evFollow                // a node asks a peer for certified blocks
)

func (k kind) String() string {
	return [...]string{"message", "bytes", "position", "push", "pull", "hurry", "rest", "sync", "certifier", "catch-up"}[k]
}

// event is something that can happen next. Those of a node to itself have from
// equal to to.
type event struct {
	kind     kind
	from, to uint8
	again    bool   // a duplicate
	gen      uint16 // of the link, or of the node's life: older ones are void
	depth    uint16 // message delays since the client's submission
	epoch    uint32
	ref      int32
	sent     uint32 // the step at which it was sent
}

// lanes is how many degrees of lateness a scheduler can give an event.
const lanes = 3

// pool holds what can happen next. A lane's events come before those of a later
// lane, but for one in leak choices. So a scheduler that assigns lanes owns the
// order, and a choice costs the same however much is on its way.
type pool struct {
	lanes [lanes][]event
	head  [lanes]int // where the list begins, in order of arrival
	fifo  bool       // take in order of arrival
	leak  int
	size  int
}

func (p *pool) add(lane uint8, e event) {
	p.lanes[lane] = append(p.lanes[lane], e)
	p.size++
}

// take removes the next event.
func (p *pool) take(d *dice) (event, bool) {
	if p.size == 0 {
		return event{}, false
	}
	at := p.lane(0)
	if p.leak > 0 && d.oneIn(p.leak) {
		if later := p.lane(at + 1); later < lanes {
			at = later
		}
	}
	p.size--
	list, head := p.lanes[at], p.head[at]
	if p.fifo {
		e := list[head]
		p.head[at]++
		if p.head[at] == len(list) {
			p.lanes[at], p.head[at] = list[:0], 0
		}
		return e, true
	}
	i := head + d.below(len(list)-head)
	e := list[i]
	list[i] = list[len(list)-1]
	p.lanes[at] = list[:len(list)-1]
	if len(list)-1 == head {
		p.lanes[at], p.head[at] = list[:0], 0
	}
	return e, true
}

// lane is the first lane from here on that has something.
func (p *pool) lane(from int) int {
	for from < lanes && len(p.lanes[from]) == p.head[from] {
		from++
	}
	return from
}

// sort assigns every event to a lane again.
func (p *pool) sort(lane func(*event) uint8) {
	var all []event
	for i := range p.lanes {
		all = append(all, p.lanes[i][p.head[i]:]...)
		p.lanes[i], p.head[i] = p.lanes[i][:0], 0
	}
	for i := range all {
		at := lane(&all[i])
		p.lanes[at] = append(p.lanes[at], all[i])
	}
}
