package net

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"abad/bft"
)

func TestConfigNamesTheField(t *testing.T) {
	c := newCluster(t, 3, nil)
	good := c.config(1)
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Config){
		"Peers: ":                 func(c *Config) { c.Peers = nil },
		"Self: ":                  func(c *Config) { c.Self = 3 },
		"Self: node -1":           func(c *Config) { c.Self = -1 },
		"Key: an Ed25519 private": func(c *Config) { c.Key = nil },
		"Key: is not the key of":  func(c *Config) { c.Self = 2 },
		"Peers[2].Key: an":        func(c *Config) { c.Peers[2].Key = []byte("short") },
		"Peers[2].Key: is also":   func(c *Config) { c.Peers[2].Key = c.Peers[0].Key },
		"Peers[0].Addr: ":         func(c *Config) { c.Peers[0].Addr = "no port" },
		"Listen: ":                func(c *Config) { c.Peers[1].Addr = "" },
		"Limits.MaxBody":          func(c *Config) { c.Limits.MaxBody = maxBodyLimit + 1 },
		"Limits.InboxFrames":      func(c *Config) { c.Limits.InboxFrames = -1 },
		"Limits.InboxBytes":       func(c *Config) { c.Limits.InboxBytes = -1 },
		"Limits.PushQueue":        func(c *Config) { c.Limits.PushQueue = -1 },
		"Timing.BackoffMin":       func(c *Config) { c.Timing.BackoffMin = -1 },
		"Timing.BackoffMax":       func(c *Config) { c.Timing.BackoffMax = -1 },
		"Timing.KeepAlive":        func(c *Config) { c.Timing.KeepAlive = -1 },
		"Timing.IdleTimeout":      func(c *Config) { c.Timing.IdleTimeout = -1 },
		"Timing.Handshake":        func(c *Config) { c.Timing.Handshake = -1 },
		"Timing.Answer":           func(c *Config) { c.Timing.Answer = -1 },
	} {
		conf := good
		conf.Peers = append([]Peer(nil), good.Peers...)
		spoil(&conf)
		if _, err := New(conf); err == nil || !strings.Contains(err.Error(), "net config: "+want) {
			t.Errorf("%s: error %v", want, err)
		}
	}
	good.Peers = append([]Peer(nil), good.Peers...)
	good.Peers[2].Addr = "" // nobody here dials it
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

// A restarted process resets the connections of the one before, and nobody
// else's: the key is the node's own, for ever.
func TestResetKey(t *testing.T) {
	c := newCluster(t, 2, nil)
	var keys []quic.StatelessResetKey
	for _, id := range []bft.ID{0, 1, 1} {
		who, err := newIdentity(c.config(id))
		if err != nil {
			t.Fatal(err)
		}
		key, err := who.resetKey()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, *key)
	}
	if keys[1] != keys[2] || keys[0] == keys[1] {
		t.Errorf("keys %x", keys)
	}
}

func TestQuiet(t *testing.T) {
	var q quiet
	now := time.Unix(1000, 0)
	say := func(kind string) (bool, int) { return q.say(kind, once, now) }
	if due, _ := say("a"); !due {
		t.Error("the first is not said")
	}
	if due, _ := say("a"); due {
		t.Error("said again")
	}
	for k := range often + 1 {
		if due, _ := q.say("b", often, now); due != (k < often) {
			t.Errorf("line %d of another kind: %t", k, due)
		}
	}
	now = now.Add(quietFor)
	if due, skipped := say("a"); !due || skipped != 1 {
		t.Errorf("after a while: %t, %d skipped", due, skipped)
	}
	for i := range 3 * maxSpells {
		say(fmt.Sprint(i))
	}
	if len(q.said) > maxSpells+1 {
		t.Errorf("remembers %d kinds", len(q.said))
	}
	if due, _ := say("one more"); due {
		t.Error("kinds beyond the limit are each said")
	}
	now = now.Add(quietFor)
	if due, _ := say("one more"); !due || len(q.said) > 2 {
		t.Errorf("does not forget: %d kinds", len(q.said))
	}
}

// A link that comes and goes every second is said twice, and then once a minute with
// the number of changes that were left out.
func TestFlapping(t *testing.T) {
	var q quiet
	now, lines, skipped := time.Unix(1000, 0), 0, 0
	const minutes = 10
	for range minutes * 60 {
		if due, n := q.say("link 1", often, now); due {
			lines, skipped = lines+1, skipped+n
		}
		now = now.Add(time.Second)
	}
	if lines != minutes+1 {
		t.Errorf("%d lines in %d minutes", lines, minutes)
	}
	if lines+skipped < (minutes-1)*60 {
		t.Errorf("only %d changes are accounted for", lines+skipped)
	}
	now = now.Add(quietFor)
	for k := range often {
		if due, _ := q.say("link 1", often, now.Add(time.Duration(k+1)*2*quietFor)); !due {
			t.Errorf("after calm, line %d is not said", k)
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]int{"": 0, strings.Repeat("x", maxText): maxText, strings.Repeat("x", maxText+1): maxText} {
		if got := short(in); len(got) != want {
			t.Errorf("%d became %d", len(in), len(got))
		}
	}
}
