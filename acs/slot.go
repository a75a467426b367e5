package acs

import (
	"abad/aba"
	"abad/bft"
	"abad/rbc"
)

// slot fuses the broadcast of one proposer's header with the agreement on it.
type slot struct {
	id        bft.ID
	benched   bool
	header    *rbc.Machine
	agreement *aba.Machine

	readies   bft.IDSet // whose READY has counted as BVAL(0,1)
	rejected  bool      // 0 was put in
	delivered bool
}

// Slot is the state of a slot, for pictures and statistics.
type Slot struct {
	Benched, Seen, Readied, Rejected, Delivered bool
	Decided, Accepted                           bool
	Unanimous                                   bool // the first vote of every node was for it: it will be accepted
	Rounds, Coins                               int

	// Who was heard with ECHO, with READY, and with AUX in the newest round that has
	// any. A slot whose agreement has halted has forgotten the AUX.
	Echo, Ready, Aux bft.IDSet
	AuxRound         int // from 0
}

func newSlot(cfg Config, id bft.ID) *slot {
	benched := cfg.Bench.Has(id)
	return &slot{
		id:      id,
		benched: benched,
		header:  rbc.New(cfg.Quorum, cfg.Self, id),
		agreement: aba.New(aba.Config{
			Quorum:    cfg.Quorum,
			Signer:    cfg.Signer,
			CoinName:  func(round uint32) []byte { return cfg.CoinName(id, round) },
			Bias:      !benched,
			Repropose: true,
		}),
	}
}

// handle hands msg to the part that it is for; a peer's first READY to both. It
// reports whether the message told anything new.
func (sl *slot) handle(s *Step, from bft.ID, msg Msg) (news bool) {
	if msg.ABA.Kind != 0 {
		step := sl.agreement.Handle(from, msg.ABA)
		sl.agreed(s, step)
		return !step.Stale
	}
	step := sl.header.Handle(from, msg.RBC)
	sl.broadcasted(s, step)
	news = !step.Stale
	if msg.RBC.Kind == rbc.Ready && sl.readies.Add(from) {
		news = true
		vote := aba.Msg{Kind: aba.BVal, Values: aba.One, First: msg.First}
		sl.agreed(s, sl.agreement.Handle(from, vote))
	}
	return news
}

// broadcast gives the broadcast its owner's word.
func (sl *slot) broadcast(s *Step, in rbc.In) error {
	step, err := sl.header.Input(in)
	if err != nil {
		return err
	}
	sl.broadcasted(s, step)
	return nil
}

// broadcasted takes the broadcast's step in. A READY going out is an input of 1.
func (sl *slot) broadcasted(s *Step, step rbc.Step) {
	ready := false
	wrap := func(msg rbc.Msg) (Msg, bool) {
		wrapped := Msg{Slot: sl.id, RBC: msg}
		if msg.Kind == rbc.Ready {
			ready = true
			wrapped.First = !sl.agreement.SentBVal(false)
		}
		return wrapped, true
	}
	for _, out := range bft.Absorb(s, step, wrap) {
		switch out := out.(type) {
		case rbc.Seen:
			s.Emit(Seen{Slot: sl.id, Hash: out.Hash, Header: out.Payload})
		case rbc.Delivered:
			sl.delivered = true
			s.Emit(Delivered{Slot: sl.id, Header: out.Payload})
		}
	}
	if ready {
		sl.vote(s, true)
	}
}

// agreed takes the agreement's step in, without the vote that READY is.
func (sl *slot) agreed(s *Step, step aba.Step) {
	wrap := func(msg aba.Msg) (Msg, bool) {
		return Msg{Slot: sl.id, ABA: msg}, !isReadyVote(msg)
	}
	for _, out := range bft.Absorb(s, step, wrap) {
		s.Emit(Decided{Slot: sl.id, Accepted: out.Value})
	}
}

// voted reports whether the slot has this node's input.
func (sl *slot) voted() bool { return sl.rejected || sl.header.Readied() }

func (sl *slot) reject(s *Step) {
	if !sl.voted() {
		sl.rejected = true
		sl.vote(s, false)
	}
}

func (sl *slot) vote(s *Step, v bool) {
	step, err := sl.agreement.Input(v)
	if err != nil {
		panic("acs: internal error: " + err.Error())
	}
	sl.agreed(s, step)
}

// done: the agreement has ended everywhere, and nobody will fetch the header.
func (sl *slot) done() bool {
	accepted, decided := sl.agreement.Decided()
	return decided && sl.agreement.Done() && (!accepted || sl.header.Done())
}

func (sl *slot) snapshot() Slot {
	accepted, decided := sl.agreement.Decided()
	round, aux := sl.agreement.Auxes()
	return Slot{
		Echo: sl.header.Echoes(), Ready: sl.header.Readies(), Aux: aux, AuxRound: round,
		Benched: sl.benched, Seen: sl.header.SeenVal(), Readied: sl.header.Readied(),
		Rejected: sl.rejected, Delivered: sl.delivered,
		Decided: decided, Accepted: accepted, Unanimous: sl.agreement.Unanimous(),
		Rounds: sl.agreement.Rounds(), Coins: sl.agreement.Coins(),
	}
}
