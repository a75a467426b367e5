package api

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"abad/api/wire"
	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/node"
	"abad/proof"
)

// Prover gives what a stranger can check with the cluster's public key alone.
type Prover interface {
	// Find tells where a value of the recent log is; [node.ErrNotFound].
	Find(ctx context.Context, id batch.ValueID) (node.Receipt, error)
	// Prove gives the value at a place with its proof; [node.ErrNotFound] also
	// while its block has no certificate.
	Prove(height, index uint64) (batch.Value, *proof.Proof, error)
	// WaitCertificate returns when all blocks up to height have theirs.
	WaitCertificate(ctx context.Context, height uint64) error
	// PublicKey is the cluster's, 96 bytes.
	PublicKey() []byte
}

// proofs are the paths that need a [Prover].
func (s *Server) proofs() map[string]methods {
	return map[string]methods{
		"/v1/blocks/{height}/certificate": {http.MethodGet: s.getCertificate},
		"/v1/beacon/latest":               {http.MethodGet: s.getBeacon},
		"/v1/values/{id}/proof":           {http.MethodGet: s.getProof},
		"/v1/log/{position}/check":        {http.MethodGet: s.getCheck},
		"/{chain}/info":                   {http.MethodGet: s.getChain},
		"/{chain}/public/{round}":         {http.MethodGet: s.getRound},
	}
}

func (s *Server) getCertificate(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	height, err := strconv.ParseUint(r.PathValue("height"), 10, 64)
	if err != nil {
		return problemf(http.StatusBadRequest, "%q is not a height", short(r.PathValue("height")))
	}
	b, err := s.conf.Node.Block(height)
	if err != nil {
		return err
	}
	c, err := s.conf.Node.Certificate(height)
	if errors.Is(err, node.ErrNotFound) {
		return uncertified(height)
	}
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, wire.Certified{
		Height: height, Hash: b.Hash(), Key: hex.EncodeToString(s.conf.Proofs.PublicKey()), Certificate: *certificate(c),
	})
	return nil
}

func uncertified(height uint64) error {
	return problemf(http.StatusNotFound, "block %d has no certificate yet", height).
		withHint("it follows the block within moments, if enough nodes are up; ask again")
}

// getBeacon gives the newest public randomness.
func (s *Server) getBeacon(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	st, err := s.status(r.Context())
	if err != nil {
		return err
	}
	return s.round(w, st.Certified)
}

func (s *Server) round(w *reply, round uint64) error {
	if round == 0 {
		return problemf(http.StatusNotFound, "there is no beacon yet").withHint("every block brings one; submit a value")
	}
	c, err := s.conf.Node.Certificate(round)
	if errors.Is(err, node.ErrNotFound) {
		return uncertified(round)
	}
	if err != nil {
		return err
	}
	randomness := coin.Randomness(c.Beacon)
	answer(w, http.StatusOK, wire.Beacon{
		Round: round, Randomness: randomness.String(), Signature: hex.EncodeToString(c.Beacon),
	})
	return nil
}

// getProof waits for the certificate of the value's block: who has just had a
// value decided wants its proof.
func (s *Server) getProof(w *reply, r *http.Request) error {
	if _, err := query(r); err != nil {
		return err
	}
	var id batch.ValueID
	if err := id.UnmarshalText([]byte(r.PathValue("id"))); err != nil {
		return problemf(http.StatusBadRequest, "%q is not the id of a value", short(r.PathValue("id"))).
			withHint("an id has 32 hexadecimal digits")
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), statusTimeout, errNoStatus)
	defer cancel()
	place, err := s.conf.Proofs.Find(ctx, id)
	if errors.Is(err, node.ErrNotFound) {
		return problemf(http.StatusNotFound, "value %s is not in the recent log", id).
			withHint("submit it; the recent log is the last 1024 blocks, or a million values")
	}
	if err == nil {
		err = s.conf.Proofs.WaitCertificate(ctx, place.Block)
	}
	if err != nil && context.Cause(ctx) == errNoStatus {
		return uncertified(place.Block)
	}
	if err != nil {
		return err
	}
	v, p, err := s.conf.Proofs.Prove(place.Block, place.Index)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, wire.Proof{
		Block: place.Block, Index: place.Index, ID: id, Value: v.Payload,
		Key: hex.EncodeToString(s.conf.Proofs.PublicKey()), Proof: p.Encode(),
	})
	return nil
}

// The scheme of our beacons, and the period that drand's format wants: ours come
// with blocks, so a client must not derive rounds from the time.
const (
	drandScheme = "bls-unchained-g1-rfc9380"
	drandPeriod = 1
	drandBeacon = "default"
)

// chain describes our beacons as drand's HTTP API does.
func (s *Server) chain(seed bft.Hash) wire.Chain {
	key := s.conf.Proofs.PublicKey()
	return wire.Chain{
		PublicKey: hex.EncodeToString(key), Period: drandPeriod, Genesis: 0,
		Hash: chainHash(drandPeriod, 0, key, seed, drandBeacon).String(), GroupHash: seed.String(), Scheme: drandScheme,
		Metadata: wire.ChainMetadata{BeaconID: drandBeacon},
	}
}

// chainHash names a chain as drand does (chain.Info.Hash).
func chainHash(period uint32, genesis uint64, key []byte, seed bft.Hash, beacon string) bft.Hash {
	text := binary.BigEndian.AppendUint32(nil, period)
	text = binary.BigEndian.AppendUint64(text, genesis)
	text = append(append(text, key...), seed[:]...)
	if beacon != drandBeacon {
		text = append(text, beacon...)
	}
	return bft.Sum(text)
}

// ours answers 404 unless the path names our chain. The cluster's id is its seed.
func (s *Server) ours(r *http.Request) (wire.Chain, node.Status, error) {
	if _, err := query(r); err != nil {
		return wire.Chain{}, node.Status{}, err
	}
	st, err := s.status(r.Context())
	if err != nil {
		return wire.Chain{}, st, err
	}
	c := s.chain(st.Cluster)
	if r.PathValue("chain") != c.Hash {
		return c, st, problemf(http.StatusNotFound, "nothing is at %q", short(r.URL.Path)).
			withHint("the beacons of this cluster are at /%s/info", c.Hash)
	}
	return c, st, nil
}

func (s *Server) getChain(w *reply, r *http.Request) error {
	c, _, err := s.ours(r)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, c)
	return nil
}

func (s *Server) getRound(w *reply, r *http.Request) error {
	_, st, err := s.ours(r)
	if err != nil {
		return err
	}
	name := r.PathValue("round")
	if name == "latest" {
		return s.round(w, st.Certified)
	}
	round, err := strconv.ParseUint(name, 10, 64)
	if err != nil {
		return problemf(http.StatusBadRequest, "%q is not a round", short(name)).withHint("rounds are numbers from 1, or latest")
	}
	if round == 0 { // drand's way to ask for the latest one
		round = st.Certified
	}
	return s.round(w, round)
}
