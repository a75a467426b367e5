package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"abad/aba"
	"abad/api/wire"
	"abad/bft"
	"abad/decision"
	"abad/node"
)

// Decider takes this node's votes on one-shot decisions and tells what became of
// them; *node.Node is one. Its errors are those of package decision.
type Decider interface {
	Vote(ctx context.Context, name string, value bool) error
	// Decision gives [decision.ErrUnknown] for a name that nothing was heard of;
	// WaitDecision waits until it is decided and certified.
	Decision(ctx context.Context, name string) (decision.Status, error)
	WaitDecision(ctx context.Context, name string) (decision.Status, error)
	// Decisions lists at most limit from a place on, and says how many there are.
	Decisions(ctx context.Context, from, limit int) ([]decision.Status, int, error)
	PruneDecision(ctx context.Context, name string) error
	Status(ctx context.Context) (node.Status, error)
	PublicKey() []byte
}

// decisions are the paths that need a [Decider].
func (s *Server) decisions() map[string]methods {
	return map[string]methods{
		"/v1/decisions": {http.MethodGet: s.listDecisions},
		"/v1/decisions/{name...}": { // so that a name may have slashes
			http.MethodPost: s.postVote, http.MethodGet: s.getDecision, http.MethodDelete: s.pruneDecision,
		},
	}
}

// maxVote is room for {"vote": false} with generous white space.
const maxVote = 1 << 10

// postVote casts this node's vote; it is durable when the answer comes.
func (s *Server) postVote(w *reply, r *http.Request) error {
	wait, err := parseWait(r)
	if err != nil {
		return err
	}
	vote, err := readVote(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	if err := s.conf.Decisions.Vote(r.Context(), name, vote); err != nil {
		return s.refusedVote(r.Context(), name, err)
	}
	return s.answerDecision(w, r, name, wait)
}

func readVote(w http.ResponseWriter, r *http.Request) (bool, error) {
	const hint = `send {"vote": true} or {"vote": false}`
	over := problemf(http.StatusRequestEntityTooLarge, "the vote is over %d bytes", maxVote).withHint(hint)
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxVote))
	if err != nil {
		return false, cutOff(err, over)
	}
	var in wire.Vote
	if err := unmarshal(data, &in); err != nil || in.Vote == nil {
		return false, problemf(http.StatusBadRequest, "the body is not a vote: %q", short(string(data))).withHint(hint)
	}
	return *in.Vote, nil
}

var errJSON = errors.New("not one JSON document in UTF-8")

// unmarshal reads one JSON document that has no members but the known ones.
func unmarshal(data []byte, document any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(document); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF || !utf8.Valid(data) {
		return errJSON
	}
	return nil
}

// refusedVote explains why a vote does not count, and which one does.
func (s *Server) refusedVote(ctx context.Context, name string, err error) error {
	switch {
	case errors.Is(err, decision.ErrVoted):
		st, known := s.conf.Decisions.Decision(ctx, name)
		if known != nil {
			return known
		}
		vote, _ := st.Vote.Single()
		return problemf(http.StatusConflict, "this node has voted %s on %q", yesNo(vote), name).
			withHint("a vote is final: others may have it already")
	case errors.Is(err, decision.ErrDecided):
		st, known := s.conf.Decisions.Decision(ctx, name)
		if known != nil {
			return known
		}
		return problemf(http.StatusConflict, "decision %q is made: %s", name, yesNo(st.Value)).
			withHint("the others were enough; take another name for another decision")
	}
	return refusedDecision(name, err)
}

// refusedDecision puts the errors of package decision into the API's.
func refusedDecision(name string, err error) error {
	switch {
	case errors.Is(err, decision.ErrName):
		return problemf(http.StatusBadRequest, "no decision can be named %q", short(name)).
			withHint("a name has 1 to %d bytes of printable characters", decision.MaxName)
	case errors.Is(err, decision.ErrUnknown):
		return problemf(http.StatusNotFound, "no decision %q is known here", short(name)).
			withHint("a vote opens it; /v1/decisions lists them")
	case errors.Is(err, decision.ErrPruned):
		return problemf(http.StatusGone, "decision %q was made, and pruned on this node", short(name)).
			withHint("another node may have it; take another name for another decision")
	case errors.Is(err, decision.ErrTooMany):
		p := problemf(http.StatusTooManyRequests, "too many decisions are open").
			withHint("a node may have voted in %d that are not decided; /v1/decisions shows what they wait for", decision.MaxVotes)
		p.retry = true
		return p
	case errors.Is(err, decision.ErrFull):
		return problemf(http.StatusTooManyRequests, "%d decisions are kept here", decision.MaxDecided).
			withHint("DELETE some that nobody will vote on again")
	case errors.Is(err, decision.ErrSilent):
		return problemf(http.StatusServiceUnavailable, "the node has lost its store and may have voted on %q before", short(name)).
			withHint("the others decide without it; on names that come up later it can vote again")
	}
	return err
}

func (s *Server) getDecision(w *reply, r *http.Request) error {
	wait, err := parseWait(r)
	if err != nil {
		return err
	}
	return s.answerDecision(w, r, r.PathValue("name"), wait)
}

// answerDecision waits for the decision if it shall, and tells how things are.
func (s *Server) answerDecision(w *reply, r *http.Request, name string, wait time.Duration) error {
	if err := decision.CheckName(name); err != nil {
		return refusedDecision(name, err)
	}
	if wait > 0 {
		if !s.waiting.take(1) {
			return busy("too many requests are waiting on this node")
		}
		defer s.waiting.give(1)
		ctx, cancel := context.WithTimeout(r.Context(), wait)
		defer cancel()
		_, err := s.conf.Decisions.WaitDecision(ctx, name)
		if err != nil && (r.Context().Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
			return refusedDecision(name, err)
		}
	}
	st, err := s.conf.Decisions.Decision(r.Context(), name)
	if err != nil {
		return refusedDecision(name, err)
	}
	of, err := s.whose(r.Context())
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, of.document(st))
	return nil
}

const (
	pageDecisions    = 100
	maxPageDecisions = 1000 // about half a megabyte
)

func (s *Server) listDecisions(w *reply, r *http.Request) error {
	q, err := query(r, "from", "limit")
	if err != nil {
		return err
	}
	from, err := count(q, "from", 0)
	if err != nil {
		return err
	}
	limit, err := count(q, "limit", pageDecisions)
	if err != nil {
		return err
	}
	list, total, err := s.conf.Decisions.Decisions(r.Context(), from, max(1, min(limit, maxPageDecisions)))
	if err != nil {
		return err
	}
	of, err := s.whose(r.Context())
	if err != nil {
		return err
	}
	page := wire.Decisions{Decisions: make([]wire.Decision, len(list)), Next: from + len(list), Total: total}
	for i, st := range list {
		page.Decisions[i] = of.document(st)
	}
	answer(w, http.StatusOK, page)
	return nil
}

// pruneDecision forgets a decision that is certified.
func (s *Server) pruneDecision(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	name := r.PathValue("name")
	if err := decision.CheckName(name); err != nil {
		return refusedDecision(name, err)
	}
	st, err := s.conf.Decisions.Decision(r.Context(), name)
	if err == nil && len(st.Certificate) == 0 {
		return problemf(http.StatusConflict, "decision %q is not made and certified here", name).
			withHint("what is open cannot be forgotten: this node may have to finish it")
	}
	if err == nil {
		err = s.conf.Decisions.PruneDecision(r.Context(), name)
	}
	if err != nil {
		return refusedDecision(name, err)
	}
	head(w, "application/json")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// count reads a parameter that is a number from 0 up.
func count(q url.Values, name string, otherwise int) (int, error) {
	if !q.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(q.Get(name), 10, 31)
	if err != nil {
		return 0, problemf(http.StatusBadRequest, "%s=%s: is not a number", name, short(q.Get(name)))
	}
	return int(n), nil
}

// parseWait reads how long to wait for a decision; not at all unless told so.
func parseWait(r *http.Request) (time.Duration, error) {
	q, err := query(r, "wait")
	if err != nil || !q.Has("wait") {
		return 0, err
	}
	d, err := time.ParseDuration(q.Get("wait"))
	if err != nil || d < 0 || d > maxWait {
		return 0, problemf(http.StatusBadRequest, "wait=%s: is not a duration up to %s", short(q.Get("wait")), maxWait).
			withHint("write it like 30s, 500ms or 2m")
	}
	return d, nil
}

// cluster is whose decisions they are.
type cluster struct {
	id     bft.Hash
	era    uint64
	needed int
	key    string
}

func (s *Server) whose(ctx context.Context) (cluster, error) {
	st, err := s.conf.Decisions.Status(ctx)
	return cluster{st.Cluster, st.Era, st.Nodes - st.Faulty, hex.EncodeToString(s.conf.Decisions.PublicKey())}, err
}

func (c cluster) document(st decision.Status) wire.Decision {
	d := wire.Decision{
		Name: st.Name, State: string(st.State), Votes: st.Voters, Needed: c.needed, Rounds: st.Rounds, Coins: st.Coins,
	}
	if st.Vote != aba.None {
		vote := st.Vote == aba.One
		d.Vote = &vote
	}
	if st.State == decision.Done {
		d.Value = &st.Value
	}
	if len(st.Certificate) > 0 {
		d.Proof = &wire.DecisionProof{Cluster: c.id, Era: c.era, Key: c.key, Certificate: hex.EncodeToString(st.Certificate)}
	}
	return d
}

func yesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}
