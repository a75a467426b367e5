package net

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/quic-go/quic-go"
)

func TestDoor(t *testing.T) {
	var mu sync.Mutex
	causes := make(map[Cause]int)
	d := newDoor(func(_ net.Addr, err error) {
		mu.Lock()
		defer mu.Unlock()
		causes[causeOf(err)]++
	})
	info := &quic.ClientInfo{RemoteAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}}
	knock := func() (context.Context, context.CancelCauseFunc, error) {
		ctx, cancel := context.WithCancelCause(t.Context())
		ctx, err := d.knock(ctx, info)
		return ctx, cancel, err
	}
	var inside []context.Context
	var ends []context.CancelCauseFunc
	for k := range maxHandshakes {
		if d.crowded(nil) != (k >= retryAbove) {
			t.Fatalf("%d in flight: crowded %t", k, d.crowded(nil))
		}
		ctx, end, err := knock()
		if err != nil {
			t.Fatalf("attempt %d: %v", k, err)
		}
		inside, ends = append(inside, ctx), append(ends, end)
	}
	if _, _, err := knock(); err == nil {
		t.Error("one over the limit")
	}
	d.enter(inside[0])
	d.enter(inside[0]) // and no harm in that
	ends[0](errors.New("a link ended"))
	if _, _, err := knock(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	ends[1](&refusal{CauseKey, "stranger"})
	ends[2](errors.New("garbage"))
	eventually(t, "both are reported", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return causes[CauseKey] == 1 && causes[CauseHandshake] == 1 && causes[CauseBusy] == 1
	})
	d.close()
	if _, _, err := knock(); err == nil {
		t.Error("open after the end")
	}
	for _, end := range ends {
		end(errors.New("late"))
	}
	if len(causes) != 3 || causes[CauseHandshake] != 1 {
		t.Errorf("causes %v", causes)
	}
}

// A client that speaks another protocol does not get past TLS.
func TestOtherProtocol(t *testing.T) {
	c := newCluster(t, 2, nil)
	node := c.start(0)
	who, err := newIdentity(c.config(1))
	if err != nil {
		t.Fatal(err)
	}
	conf := who.dialing(0)
	conf.NextProtos = []string{"h3"}
	if conn, err := quic.DialAddr(t.Context(), c.peers[0].Addr, conf, nil); err == nil {
		conn.CloseWithError(0, "")
		t.Error("let in")
	}
	eventually(t, "counted", func() bool { return node.Stats().Refused[CauseHandshake] == 1 })
}
