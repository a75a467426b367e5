package soak

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Nodes are killed at random moments, one, some or all of them at once, while
// clients submit at all of them. Afterwards there is one log, every acknowledged
// value is in it once and where its receipt says, and no node has ever seen
// another contradict itself.
func TestKillLoop(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.ready(c.all()...)
	load := c.load(2)
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	kills, together := 0, 0
	for deadline := time.Now().Add(length(t, 10*time.Second)); time.Now().Before(deadline) && !t.Failed(); {
		victims := r.Perm(4)[:1]
		switch r.IntN(5) {
		case 0:
			victims = c.all()
			together++
		case 1:
			victims = r.Perm(4)[:2]
		}
		c.kill(victims...)
		kills += len(victims)
		for _, i := range victims {
			c.start(i)
		}
		// A while, by what gets done: sometimes the next kill hits the start.
		load.reach(load.count()+r.IntN(40), deadline)
	}
	load.end()
	c.ready(c.all()...)
	c.submit(0, "the last one")
	places := c.oneLog()
	load.check(places)
	c.noFaults()
	if kills == 0 || load.count() == 0 {
		t.Error("nothing happened")
	}
	t.Logf("%d kills, %d times all nodes at once; %d values acknowledged", kills, together, load.count())
}
