package node

import (
	"crypto/rand"
	"encoding/binary"
	"os"
	"strconv"
	"sync"
	"testing"

	"abad/batch"
	"abad/bft"
	"abad/coin"
	"abad/ledger"
	"abad/store"
)

// forged is a long log that nobody has voted for: the test has all keys. In a
// cluster of three f is 0, and every share is the signature.
type forged struct {
	blocks []*ledger.Block
	certs  []ledger.Certificate
	data   [][]byte // one batch for each block
	ids    [][]byte
}

// forge makes a log of so many blocks, each with one value of size bytes.
func (c *cluster) forge(blocks, size int) *forged {
	c.t.Helper()
	f := &forged{
		blocks: make([]*ledger.Block, blocks), certs: make([]ledger.Certificate, blocks),
		data: make([][]byte, blocks), ids: make([][]byte, blocks),
	}
	var previous bft.Hash
	for i := range blocks {
		var salt [16]byte
		binary.BigEndian.PutUint64(salt[:], uint64(i)+1)
		builder := batch.NewBuilder(salt)
		v := value(i)
		v.Payload = make([]byte, size)
		rand.Read(v.Payload)
		builder.Add(v)
		f.data[i], f.ids[i] = builder.Bytes(), v.ID[:]
		digest := batch.Digest(f.data[i])
		f.blocks[i] = &ledger.Block{
			Header: ledger.BlockHeader{
				Version: ledger.BlockVersion, Cluster: c.confs[0].Cluster, Era: c.confs[0].Era, Roster: c.confs[0].Roster,
				Epoch: uint64(i) + 1, Previous: previous, Time: uint64(i) + 1, Accepted: []bft.ID{0, 1, 2},
				Root: ledger.MerkleRoot([]bft.Hash{digest}), Values: 1,
			},
			Batches: []ledger.Taken{{Digest: digest, Total: 1}},
		}
		previous = f.blocks[i].Hash()
	}
	key := c.confs[0].CoinKey
	if key.Threshold() != 1 {
		c.t.Fatal("a log can be forged in a cluster of up to three nodes")
	}
	each(blocks, 4, func(i int) {
		f.certs[i] = ledger.Certificate{
			Block:  key.Sign(coin.BlockMessage(f.blocks[i].Hash())),
			Beacon: key.Sign(coin.BeaconMessage(uint64(i) + 1)),
		}
	})
	return f
}

// give writes the log to the store of a node that does not run.
func (c *cluster) give(i int, f *forged) {
	c.t.Helper()
	s, err := store.Open(c.confs[i].Dir, store.Options{Identity: c.confs[i].identity(), Log: c.confs[i].Log})
	if err != nil {
		c.t.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			c.t.Error(err)
		}
	}
	must(s.SetMeta(bornMeta, []byte{1}))
	each(len(f.blocks), 64, func(k int) { must(s.PutBatch(f.blocks[k].Batches[0].Digest, 0, f.data[k])) })
	for k, b := range f.blocks {
		must(s.PutBlock(uint64(k)+1, b.Encode(), f.ids[k], []bft.Hash{b.Batches[0].Digest}))
	}
	each(len(f.blocks), 64, func(k int) { must(s.PutCertificate(uint64(k)+1, f.certs[k].Encode())) })
	must(s.Close())
	if c.t.Failed() {
		c.t.FailNow()
	}
}

// each calls fn for 0 to n-1 on some goroutines.
func each(n, workers int, fn func(i int)) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				fn(i)
			}
		})
	}
	wg.Wait()
}

// sizeFromEnv lets a benchmark be run with another size.
func sizeFromEnv(t testing.TB, name string, size int) int {
	if text := os.Getenv(name); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return size
}
