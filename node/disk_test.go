package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"abad/store"
)

// A node whose disk is full stops with one error that says so, and has lost
// nothing: the others go on, and with room on the disk it is back by a start.
func TestFullDisk(t *testing.T) {
	c := newCluster(t, 4)
	for i := range 3 {
		c.start(i)
	}
	size := func() int64 {
		n := int64(0)
		filepath.Walk(c.confs[3].Dir, func(_ string, info os.FileInfo, err error) error {
			if err == nil {
				n += info.Sys().(*syscall.Stat_t).Blocks * 512
			}
			return nil
		})
		return n
	}
	var quota int64
	c.confs[3].hooks.disk.BeforeWrite = func() error {
		if quota == 0 {
			quota = size() + 1<<20
		} else if size() > quota {
			return syscall.ENOSPC
		}
		return nil
	}
	n, err := New(c.confs[3])
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(context.Background()) }()
	acknowledged := map[int]Receipt{}
	for i := 0; ; i++ {
		v := value(i)
		v.Payload = append(v.Payload, make([]byte, 64<<10)...)
		r, err := n.Submit(within(t), v)
		if err != nil {
			if !errors.Is(err, ErrStopped) {
				t.Errorf("a value on a full disk: %v", err)
			}
			break
		}
		acknowledged[i] = r
	}
	err = <-ended
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, store.ErrFailed) {
		t.Errorf("it ended with %v", err)
	}
	if len(acknowledged) == 0 {
		t.Error("the disk was full at once")
	}
	c.submitAll(100_000, 100_010, 0, 1, 2)

	c.confs[3].hooks.disk = store.Options{}
	c.start(3)
	if _, err := c.nodes[3].Submit(within(t), value(200_000)); err != nil {
		t.Fatal(err)
	}
	log := strings.Join(c.oneLog(0, 1, 2, 3), "\n")
	for i, r := range acknowledged {
		if got, err := c.nodes[3].Find(within(t), value(i).ID); err != nil || got != (Receipt{Block: r.Block, Index: r.Index}) {
			t.Errorf("value %d was acknowledged at %+v and is at %+v, %v", i, r, got, err)
		}
		if !strings.Contains(log, value(i).ID.String()) {
			t.Errorf("value %d is not in the log", i)
		}
	}
	c.noFaults(0, 1, 2, 3)
}

// With less free room than MinFree a node does not even begin to write.
func TestAlmostFullDisk(t *testing.T) {
	c := newCluster(t, 1)
	c.confs[0].hooks.disk.MinFree = 1 << 62
	if _, err := New(c.confs[0]); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("it starts, or not because of that: %v", err)
	}
	c.confs[0].hooks.disk = store.Options{}
	c.start(0)
	if _, err := c.nodes[0].Submit(within(t), value(1)); err != nil {
		t.Fatal(err)
	}
}

// A store that has lost something is refused; without it the node follows the rule
// of the lost store, fetches the log from its peers and takes part again.
func TestDamagedStore(t *testing.T) {
	c := newCluster(t, 4)
	c.startAll()
	c.submitAll(0, 50, 0, 1, 2, 3)
	c.sameLogs(50, 0, 1, 2, 3)
	c.kill(3)
	c.confs[3].First = false
	tables, err := filepath.Glob(filepath.Join(c.confs[3].Dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no table: %v", err)
	}
	data, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/3] ^= 1
	if err := os.WriteFile(tables[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(c.confs[3]); !errors.Is(err, store.ErrDamaged) {
		t.Fatalf("a damaged store: %v", err)
	}
	if err := os.RemoveAll(c.confs[3].Dir); err != nil {
		t.Fatal(err)
	}
	c.start(3)
	for i := 50; ; i++ { // time goes by in epochs
		if _, err := c.nodes[0].Submit(within(t), value(i)); err != nil {
			t.Fatal(err)
		}
		if s, err := c.nodes[3].Status(within(t)); err != nil || s.Ready {
			break
		}
	}
	if _, err := c.nodes[3].Submit(within(t), value(1000)); err != nil {
		t.Fatal(err)
	}
	c.oneLog(0, 1, 2, 3)
	c.noFaults(0, 1, 2)
}

// One store is one node's alone.
func TestOneProcessPerStore(t *testing.T) {
	c := newCluster(t, 1)
	c.start(0)
	if _, err := New(c.confs[0]); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second node on one store: %v", err)
	}
	if _, err := c.nodes[0].Submit(within(t), value(1)); err != nil {
		t.Fatal(err)
	}
}
