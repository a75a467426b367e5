package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"abad/api/wire"
	"abad/ledger"
	"abad/node"
)

func (s *Server) getBlock(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	height, err := strconv.ParseUint(r.PathValue("height"), 10, 64)
	if err != nil {
		return problemf(http.StatusBadRequest, "%q is not a height", short(r.PathValue("height"))).
			withHint("the first block is /v1/blocks/1")
	}
	b, err := s.conf.Node.Block(height)
	if errors.Is(err, node.ErrNotFound) {
		return problemf(http.StatusNotFound, "there is no block %d", height).
			withHint("blocks go from 1 to %d now", s.conf.Node.Height())
	}
	if err != nil {
		return err
	}
	cert, err := s.conf.Node.Certificate(height)
	if err != nil && !errors.Is(err, node.ErrNotFound) {
		return err
	}
	document := block(b)
	if err == nil {
		document.Certificate = certificate(cert)
	}
	answer(w, http.StatusOK, document)
	return nil
}

func block(b *ledger.Block) wire.Block {
	h := b.Header
	document := wire.Block{
		Height: h.Epoch, Hash: b.Hash(), Version: h.Version, Cluster: h.Cluster, Era: h.Era,
		Previous: h.Previous, Time: h.Time, Accepted: h.Accepted, Root: h.Root, Values: h.Values, Roster: h.Roster,
		Batches: make([]wire.Batch, len(b.Batches)),
	}
	for i, t := range b.Batches {
		document.Batches[i] = wire.Batch{Digest: t.Digest, Total: t.Total, Values: t.Kept()}
	}
	return document
}

func certificate(c ledger.Certificate) *wire.Certificate {
	randomness := sha256.Sum256(c.Beacon)
	return &wire.Certificate{
		Block:      hex.EncodeToString(c.Block),
		Beacon:     hex.EncodeToString(c.Beacon),
		Randomness: hex.EncodeToString(randomness[:]),
	}
}

// statusTimeout bounds how long a status may take: the node's driver answers it
// between two messages, and one that does not is not well.
const statusTimeout = 5 * time.Second

func (s *Server) status(ctx context.Context) (node.Status, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, statusTimeout, errNoStatus)
	defer cancel()
	st, err := s.conf.Node.Status(ctx)
	if err != nil && context.Cause(ctx) == errNoStatus {
		return st, errNoStatus
	}
	return st, err
}

var errNoStatus = problemf(http.StatusServiceUnavailable, "the node does not answer within %s", statusTimeout).
	withHint("it is overloaded or stuck; look into its log")

func (s *Server) getStatus(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	st, err := s.status(r.Context())
	if err != nil {
		return err
	}
	document := wire.Status{
		Node: st.Node, Height: st.Height, Hash: st.Hash, Ready: st.Ready, Nodes: st.Nodes, Faulty: st.Faulty,
		Cluster: st.Cluster, Era: st.Era, Certified: st.Certified, Silent: st.Silent, Behind: st.Behind, Waiting: st.Waiting,
		Queued: st.Queued, Values: st.Values, Coins: st.Coins, Started: st.Started, MaxValue: s.conf.Node.Limits().MaxValue,
		Peers: make([]wire.Peer, len(st.Peers)), Open: make([]wire.Epoch, len(st.Open)),
	}
	for i, p := range st.Peers {
		document.Peers[i] = wire.Peer{
			Node: p.Node, Up: p.Up, Height: p.Height, Certified: p.Certified, Addr: p.Addr,
			RTT: float64(p.RTT.Microseconds()) / 1000, Faults: p.Faults, Error: p.LastError,
		}
	}
	for i, e := range st.Open {
		document.Open[i] = wire.Epoch{Epoch: e.Epoch, Decided: e.Decided}
	}
	answer(w, http.StatusOK, document)
	return nil
}
