package api

import (
	"encoding/hex"
	"errors"
	"net/http"

	"abad/api/wire"
	"abad/coin"
	"abad/node"
)

// getCheck makes the proof of a value by its place and checks it here, for who
// cannot compute pairings: a web page. It shows that the block is certified and the
// stored bytes are the certified ones; who does not trust the node takes the proof
// and checks it elsewhere.
func (s *Server) getCheck(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	pos, err := wire.ParsePosition(r.PathValue("position"))
	if err != nil {
		return problemf(http.StatusBadRequest, "%q is not a position", short(r.PathValue("position"))).
			withHint("write a height and an index, like 12.3")
	}
	if !s.readers.take(1) {
		return busy("too many readers are on this node's log")
	}
	defer s.readers.give(1)
	v, p, err := s.conf.Proofs.Prove(pos.Block, pos.Index)
	if errors.Is(err, node.ErrNotFound) {
		return s.noProof(pos)
	}
	if err != nil {
		return err
	}
	key, err := coin.ParsePublicKey(s.conf.Proofs.PublicKey())
	if err != nil {
		return err
	}
	document := wire.Check{
		Entry: wire.Entry{Block: pos.Block, Index: pos.Index, ID: v.ID, Value: v.Payload},
		Key:   hex.EncodeToString(s.conf.Proofs.PublicKey()), Hash: p.Header.Hash(), Batch: p.Batch,
		Record: p.Record, Path: len(p.Path), Bytes: len(p.Encode()), Valid: true,
	}
	if err := p.Verify(key, v); err != nil {
		document.Valid, document.Error = false, short(err.Error())
	}
	answer(w, http.StatusOK, document)
	return nil
}

// noProof says which part is missing.
func (s *Server) noProof(pos wire.Position) error {
	b, err := s.conf.Node.Block(pos.Block)
	if errors.Is(err, node.ErrNotFound) {
		return problemf(http.StatusNotFound, "there is no block %d", pos.Block).
			withHint("blocks go from 1 to %d now", s.conf.Node.Height())
	}
	if err != nil {
		return err
	}
	if pos.Index >= b.Header.Values {
		return problemf(http.StatusNotFound, "block %d has %d values, counted from 0", pos.Block, b.Header.Values)
	}
	return uncertified(pos.Block)
}
