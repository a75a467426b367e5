package node

import (
	"testing"
	"time"

	"abad/aba"
	"abad/acs"
	"abad/bft"
	"abad/ledger"
	"abad/net"
	"abad/rbc"
)

// What nobody waits for goes along with what somebody does, or by itself a little later.
func TestMessagesWaitForCompany(t *testing.T) {
	d := unstarted(t).driver
	sent := func() int {
		t.Helper()
		if err := d.finish(); err != nil {
			t.Fatal(err)
		}
		return d.transport.Held().Messages
	}
	out := func(epoch uint64) net.Outgoing {
		return net.Outgoing{Epoch: epoch, To: bft.Everyone, Msg: []byte("message")}
	}
	d.tick.say(out(1), time.Hour)
	if got := sent(); got != 0 {
		t.Errorf("%d messages went before they had to", got)
	}
	if wait := d.untilDeadline(); wait > time.Hour {
		t.Errorf("the driver would sleep for %v", wait)
	}
	d.tick.say(out(2), 0)
	if got := sent(); got != 2 {
		t.Errorf("%d messages went together, want 2", got)
	}
	d.tick.say(out(3), time.Hour)
	d.tick.due = time.Now()
	if got := sent(); got != 3 {
		t.Errorf("%d messages went, and one more was due", got)
	}
	if got := sent(); got != 3 || len(d.tick.send) > 0 {
		t.Errorf("%d messages went, and nothing was left", got)
	}
}

// AUX waits only where everybody's first votes have made the last block.
func TestWhichMessagesCanWait(t *testing.T) {
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	vote := func(m aba.Msg) ledger.Msg { return ledger.Msg{Epoch: 1, ACS: acs.Msg{ABA: m}} }
	for name, c := range map[string]struct {
		msg            ledger.Msg
		always, smooth bool
	}{
		"VAL":            {msg: ledger.Msg{Epoch: 1, ACS: acs.Msg{RBC: rbc.Msg{Kind: rbc.Val}}}},
		"READY":          {msg: ledger.Msg{Epoch: 1, ACS: acs.Msg{RBC: rbc.Msg{Kind: rbc.Ready}}}},
		"BVAL":           {msg: vote(aba.Msg{Kind: aba.BVal, Values: aba.Zero})},
		"AUX":            {msg: vote(aba.Msg{Kind: aba.Aux, Values: aba.One}), smooth: true},
		"AUX of round 1": {msg: vote(aba.Msg{Kind: aba.Aux, Round: 1, Values: aba.One})},
		"CONF":           {msg: vote(aba.Msg{Kind: aba.Conf, Round: 3, Values: aba.One})},
		"SHARE":          {msg: vote(aba.Msg{Kind: aba.Share, Round: 3})},
		"DECIDE":         {msg: vote(aba.Msg{Kind: aba.Decide, Values: aba.One}), always: true, smooth: true},
		"certificate":    {msg: ledger.Msg{Epoch: 1, Cert: ledger.Cert{Block: []byte{1}}}, always: true, smooth: true},
	} {
		for _, unanimous := range []bool{false, true} {
			d := &driver{quorum: q, unanimous: unanimous}
			want := c.always || unanimous && c.smooth
			if got := d.canWait(c.msg) > 0; got != want {
				t.Errorf("%s can wait: %v, want %v (unanimous %v)", name, got, want, unanimous)
			}
		}
	}
}

func TestUnanimous(t *testing.T) {
	q, err := bft.NewQuorum(4)
	if err != nil {
		t.Fatal(err)
	}
	var all, three bft.IDSet
	for id := range q.IDs() {
		all.Add(id)
		if id > 0 {
			three.Add(id)
		}
	}
	for _, c := range []struct {
		slots []acs.Slot
		want  bool
	}{
		{[]acs.Slot{{Accepted: true, Ready: all}, {Accepted: true, Ready: all}}, true},
		{[]acs.Slot{{Accepted: true, Ready: all}, {Accepted: true, Ready: three}}, false},
		{[]acs.Slot{{Accepted: true, Ready: all}, {Ready: three}}, true},
	} {
		if got := unanimous(q, c.slots); got != c.want {
			t.Errorf("%+v: %v", c.slots, got)
		}
	}
}
