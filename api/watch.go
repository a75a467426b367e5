package api

import (
	"context"
	"net/http"
	"time"

	"abad/acs"
	"abad/api/wire"
	"abad/bft"
	"abad/node"
)

// Watcher tells who looks on what the node does; *node.Node is one.
type Watcher interface {
	// Epochs is a picture of the epochs under way, Links of who sees whom; they may
	// be a moment old, so that asking often costs the node little.
	Epochs(ctx context.Context) (node.Epochs, error)
	Links(ctx context.Context) ([]node.View, error)
	// Activity is what has happened lately.
	Activity() node.Activity
}

// watching are the paths that need a [Watcher].
func (s *Server) watching() map[string]methods {
	return map[string]methods{
		"/v1/epochs":   {http.MethodGet: s.getEpochs},
		"/v1/activity": {http.MethodGet: s.getActivity},
		"/v1/links":    {http.MethodGet: s.getLinks},
	}
}

func (s *Server) getEpochs(w *reply, r *http.Request) error {
	e, err := ask(r, s.conf.Watch.Epochs)
	if err != nil {
		return err
	}
	document := wire.Epochs{
		Height: e.Height, Open: make([]wire.EpochView, len(e.Open)),
		Thresholds: wire.Thresholds{Echo: e.Quorum.Echo(), Deliver: e.Quorum.Deliver(), Wait: e.Quorum.Wait()},
	}
	for i, v := range e.Open {
		document.Open[i] = epochView(v)
	}
	if e.Last.Epoch > 0 {
		last := epochView(e.Last)
		document.Last = &last
	}
	answer(w, http.StatusOK, document)
	return nil
}

func epochView(v node.EpochView) wire.EpochView {
	view := wire.EpochView{Epoch: v.Epoch, For: milliseconds(v.For), Slots: make([]wire.Slot, len(v.Slots))}
	for i, slot := range v.Slots {
		view.Slots[i] = slotView(slot)
	}
	return view
}

func slotView(s acs.Slot) wire.Slot {
	return wire.Slot{
		Val: s.Seen, Echo: members(s.Echo), Ready: members(s.Ready), Aux: members(s.Aux), AuxRound: s.AuxRound,
		Rounds: s.Rounds, Coins: s.Coins, Benched: s.Benched, Rejected: s.Rejected,
		Decided: s.Decided, Accepted: s.Accepted,
	}
}

func members(set bft.IDSet) []bft.ID {
	list := make([]bft.ID, 0, set.Len())
	for id := range set.All() {
		list = append(list, id)
	}
	return list
}

func (s *Server) getActivity(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	a := s.conf.Watch.Activity()
	document := wire.Activity{
		Time: a.Now, Blocks: make([]wire.BlockNote, len(a.Blocks)), Seconds: make([]wire.Second, len(a.Seconds)),
		Proposers: make([]wire.Proposer, a.Nodes),
	}
	for id := range document.Proposers {
		document.Proposers[id] = wire.Proposer{Node: bft.ID(id), Blocks: len(a.Blocks)}
	}
	for i, b := range a.Blocks {
		document.Blocks[i] = wire.BlockNote{
			Height: b.Height, Time: b.Time, Took: milliseconds(b.Took), Values: b.Values, Accepted: b.Accepted,
		}
		for _, id := range b.Accepted {
			document.Proposers[id].Accepted++
		}
	}
	for i, second := range a.Seconds {
		document.Seconds[i] = wire.Second{
			Second: second.Unix, Blocks: second.Blocks, Values: second.Values, Most: milliseconds(second.Most),
		}
		if second.Timed > 0 {
			document.Seconds[i].Mean = milliseconds(second.Took / time.Duration(second.Timed))
		}
	}
	answer(w, http.StatusOK, document)
	return nil
}

func (s *Server) getLinks(w *reply, r *http.Request) error {
	views, err := ask(r, s.conf.Watch.Links)
	if err != nil {
		return err
	}
	document := wire.Links{Views: make([]wire.View, len(views))}
	for i, v := range views {
		view := wire.View{Node: v.Node, Links: make([]wire.Link, len(v.Links))}
		if v.Err != nil {
			view.Error = short(v.Err.Error())
		}
		for j, l := range v.Links {
			view.Links[j] = wire.Link{Up: l.Up, RTT: milliseconds(l.RTT), Faults: l.Faults}
		}
		document.Views[i] = view
	}
	answer(w, http.StatusOK, document)
	return nil
}

// ask asks the node a question that takes no parameters, within [statusTimeout].
func ask[T any](r *http.Request, question func(context.Context) (T, error)) (T, error) {
	var none T
	if _, err := query(r); err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), statusTimeout, errNoStatus)
	defer cancel()
	v, err := question(ctx)
	if err != nil && context.Cause(ctx) == errNoStatus {
		return none, errNoStatus
	}
	return v, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
