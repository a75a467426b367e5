package node

import (
	"errors"
	"fmt"

	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/ledger"
	"abad/store"
)

// Report is what [Inspect] finds in the store of a node that is not running.
type Report struct {
	Height      uint64   `json:"height"`
	Hash        bft.Hash `json:"hash"`
	Certified   uint64   `json:"certified"`   // the highest block with a certificate
	Uncertified int      `json:"uncertified"` // blocks without one, which the node will yet get
	Pruned      uint64   `json:"pruned"`      // blocks up to here have no payload any more
	Journals    []uint64 `json:"journals"`    // epochs under way
	Decisions   int      `json:"decisions"`   // open ones with a journal
	Pending     int      `json:"pending"`     // batches that are in no block
	PendingSize int64    `json:"pending_bytes"`
	Size        int64    `json:"bytes"`  // on the disk
	Silent      bool     `json:"silent"` // the node has lost its memory and keeps silent for now
	Values      uint64   `json:"values"`
	Problems    []string `json:"problems"`
}

// maxProblems bounds the list: after so many the store is lost anyway.
const maxProblems = 20

// Inspect reads a whole store and checks what can be checked: that blocks follow
// each other, that certificates hold for the key, that batches are what their
// names say. progress is called after every block.
func Inspect(dir string, key *coin.PublicKey, progress func(done, of uint64)) (Report, error) {
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return Report{}, err
	}
	r, err := inspect(s, key, progress)
	return r, errors.Join(err, s.Close())
}

func inspect(s *store.Store, key *coin.PublicKey, progress func(done, of uint64)) (r Report, err error) {
	r.Height, r.Certified = s.Height(), s.Certified()
	if r.Pruned, err = readPruned(s); err != nil {
		return r, err
	}
	if r.Size, err = s.Size(); err != nil {
		return r, err
	}
	_, born := s.Meta(bornMeta)
	muted, err := readMuted(s)
	if err != nil {
		return r, err
	}
	r.Silent = r.Height > 0 && born != nil || muted > r.Height
	for _, e := range s.Epochs() {
		if e >= firstTopic {
			r.Decisions++
		} else {
			r.Journals = append(r.Journals, e)
		}
	}
	for p := range s.Pending() {
		r.Pending++
		r.PendingSize += int64(p.Size)
		r.checkBatch(s, p.Digest, "pending")
	}
	for h := uint64(1); h <= r.Height && len(r.Problems) < maxProblems; h++ {
		r.checkBlock(s, key, h)
		if progress != nil {
			progress(h, r.Height)
		}
	}
	return r, nil
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func (r *Report) checkBlock(s *store.Store, key *coin.PublicKey, h uint64) {
	block, err := readBlock(s, h)
	if err != nil {
		r.problem("%v", err)
		r.Hash = bft.Hash{}
		return
	}
	if block.Header.Epoch != h || !r.Hash.IsZero() && block.Header.Previous != r.Hash {
		r.problem("block %d does not follow block %d", h, h-1)
	}
	r.Hash = block.Hash()
	r.Values += block.Header.Values
	cert, err := readCertificate(s, h)
	switch {
	case errors.Is(err, store.ErrNotFound):
		// Certificates come in any order, and a node asks for the missing ones of as
		// many blocks as it looks at when it starts.
		if h+ledger.Window > r.Height {
			r.Uncertified++
		} else {
			r.problem("block %d of %d has no certificate", h, r.Height)
		}
	case err != nil:
		r.problem("%v", err)
	default:
		msgs := [][]byte{coin.BlockMessage(r.Hash), coin.BeaconMessage(h)}
		if err := key.VerifyAll(msgs, [][]byte{cert.Block, cert.Beacon}); err != nil {
			r.problem("certificate of block %d: %v", h, err)
		}
	}
	if h > r.Pruned {
		for _, t := range block.Batches {
			r.checkBatch(s, t.Digest, fmt.Sprintf("block %d", h))
		}
	}
}

func (r *Report) checkBatch(s *store.Store, d bft.Hash, of string) {
	data, err := s.Batch(d)
	if err == nil && batch.Digest(data) != d {
		err = errors.New("its bytes have another digest")
	}
	if err == nil {
		_, err = batch.Check(data)
	}
	if err != nil {
		r.problem("%s: batch %s: %v", of, d.Short(), err)
	}
}
