package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"abad/agree"
	"abad/api/wire"
	"abad/decision"
	"abad/node"
)

// Agreer proposes values for this node and tells which one was agreed; *node.Node
// is one. Its errors are those of package agree, and those of a submission.
type Agreer interface {
	Propose(ctx context.Context, name string, value []byte) (agree.Agreement, error)
	Agreement(name string) (agree.Agreement, error)
	WaitAgreement(ctx context.Context, name string) (agree.Agreement, error)
	Status(ctx context.Context) (node.Status, error)
}

// agreements are the paths that need an [Agreer].
func (s *Server) agreements() map[string]methods {
	return map[string]methods{
		"/v1/agreements/{name...}": {http.MethodPost: s.postProposal, http.MethodGet: s.getAgreement},
	}
}

// postProposal takes a value as postValue does, and answers when the proposal is
// in the log.
func (s *Server) postProposal(w *reply, r *http.Request) error {
	wait, err := parseWait(r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	if err := decision.CheckName(name); err != nil {
		return refusedProposal(name, err)
	}
	if !s.waiting.take(1) {
		return busy("too many submissions are waiting on this node")
	}
	defer s.waiting.give(1)
	body, err := s.readValue(w, r)
	defer s.bodies.give(body.cost)
	if err != nil {
		return err
	}
	if body.id != nil {
		return problemf(http.StatusBadRequest, `a proposal has no "id"`).withHint("a node has one proposal for each name")
	}
	if len(body.payload) > agree.MaxValue {
		return problemf(http.StatusRequestEntityTooLarge, "the proposed value is over %d bytes", agree.MaxValue).
			withHint("submit what is longer, and propose its hash")
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), defaultWait, errUndecided)
	defer cancel()
	st, err := s.conf.Agreements.Propose(ctx, name, body.payload)
	if err != nil {
		if context.Cause(ctx) == errUndecided {
			return errUndecided
		}
		return refusedProposal(name, err)
	}
	return s.answerAgreement(w, r, name, st, wait)
}

var errUndecided = problemf(http.StatusServiceUnavailable, "the proposal is not in the log after %s", defaultWait).
	withHint("it may come all the same; ask again, or send the same one again")

// refusedProposal puts the errors of package agree into the API's.
func refusedProposal(name string, err error) error {
	switch {
	case errors.Is(err, decision.ErrName):
		return problemf(http.StatusBadRequest, "no agreement can be named %q", short(name)).
			withHint("a name has 1 to %d bytes of printable characters", decision.MaxName)
	case errors.Is(err, agree.ErrValue):
		return problemf(http.StatusUnprocessableEntity, "the value is empty").withHint("a value has at least one byte")
	case errors.Is(err, agree.ErrUnknown):
		return problemf(http.StatusNotFound, "no agreement %q is known here", short(name)).
			withHint("a proposal opens it; the last %d are remembered", agree.MaxKept)
	case errors.Is(err, agree.ErrProposed):
		return problemf(http.StatusConflict, "this node has proposed another value on %q", short(name)).
			withHint("a proposal is final; GET shows it")
	case errors.Is(err, agree.ErrAgreed):
		return problemf(http.StatusConflict, "agreement %q is reached", short(name)).
			withHint("GET shows the value; take another name for another agreement")
	case errors.Is(err, agree.ErrTooMany):
		p := problemf(http.StatusTooManyRequests, "too many agreements are open").
			withHint("a node counts in %d that are not reached", agree.MaxOpen)
		p.retry = true
		return p
	case errors.Is(err, node.ErrPruned):
		return problemf(http.StatusServiceUnavailable, "this node could not read the whole log, and tells no agreements").
			withHint("ask another node")
	}
	return err
}

func (s *Server) getAgreement(w *reply, r *http.Request) error {
	wait, err := parseWait(r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	if err := decision.CheckName(name); err != nil {
		return refusedProposal(name, err)
	}
	if wait > 0 && !s.waiting.take(1) {
		return busy("too many requests are waiting on this node")
	}
	if wait > 0 {
		defer s.waiting.give(1)
	}
	st, err := s.conf.Agreements.Agreement(name)
	if err != nil && (wait == 0 || !errors.Is(err, agree.ErrUnknown)) {
		return refusedProposal(name, err)
	}
	return s.answerAgreement(w, r, name, st, wait)
}

// answerAgreement waits for the agreement if it shall, and tells how things are.
func (s *Server) answerAgreement(w *reply, r *http.Request, name string, st agree.Agreement, wait time.Duration) error {
	if wait > 0 && !st.Agreed {
		ctx, cancel := context.WithTimeout(r.Context(), wait)
		defer cancel()
		_, err := s.conf.Agreements.WaitAgreement(ctx, name)
		if err == nil || r.Context().Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			st, err = s.conf.Agreements.Agreement(name)
		}
		if err != nil {
			return refusedProposal(name, err)
		}
	}
	now, err := s.conf.Agreements.Status(r.Context())
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, agreement(st, now.Nodes-now.Faulty))
	return nil
}

func agreement(st agree.Agreement, needed int) wire.Agreement {
	document := wire.Agreement{
		Name: st.Name, State: "open", Needed: needed, Value: st.Value, For: st.For, At: wire.Position(st.At),
	}
	if st.Agreed {
		document.State = "agreed"
	}
	for _, e := range st.Proposals {
		document.Proposals = append(document.Proposals, wire.Proposal(e))
	}
	return document
}
