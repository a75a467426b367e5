package home

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"abad/bft"
	"abad/codec"
	"abad/coin"
)

// Roster is the ordered list of the nodes with what they must agree on: the same
// at every node of an era.
type Roster struct {
	Cluster bft.Hash // 32 random bytes, the same in all eras of a cluster
	Era     uint64   // number of this roster and key set, from 1
	Window  int      // epochs that may be open at once, 1 to MaxWindow: the protocol's K
	Nodes   []Node   // a node's index is its bft.ID
	Group   coin.Group
}

// Node is an entry of the roster.
type Node struct {
	Key ed25519.PublicKey // the first one
	// NewKey has taken its place at the links, see [Rekey]; empty if none has.
	NewKey ed25519.PublicKey
	Addr   string // host:port, UDP, where its peers reach it
	API    string // host:port, TCP, where clients reach it; "" if that is not said
}

const (
	// DefaultWindow is the K of a new roster.
	DefaultWindow = 12
	// MaxWindow bounds K: every epoch that is open costs n instances, and links
	// need no more than a few round trips' worth of epochs.
	MaxWindow = 64
)

// rosterWire is what the roster hash is of.
type rosterWire struct {
	Domain  string     `cbor:"0,keyasint"`
	Cluster bft.Hash   `cbor:"1,keyasint"`
	Era     uint64     `cbor:"2,keyasint"`
	Window  uint64     `cbor:"3,keyasint"`
	Keys    [][]byte   `cbor:"4,keyasint"`
	Group   coin.Group `cbor:"5,keyasint"`
}

// Hash is the roster hash: SHA-256 of the canonical encoding of everything but
// the addresses and new keys.
func (r Roster) Hash() bft.Hash {
	w := rosterWire{Domain: "abad/roster/v1", Cluster: r.Cluster, Era: r.Era, Window: uint64(r.Window), Group: r.Group}
	for _, n := range r.Nodes {
		w.Keys = append(w.Keys, n.Key)
	}
	return bft.Sum(codec.Marshal(w))
}

// Index finds the node that shows a key.
func (r Roster) Index(key ed25519.PublicKey) (bft.ID, bool) {
	i := slices.IndexFunc(r.Nodes, func(n Node) bool { return bytes.Equal(n.LinkKey(), key) })
	return bft.ID(i), i >= 0
}

// ParseRoster reads cluster.toml. The file name is for errors.
func ParseRoster(file string, data []byte) (Roster, error) {
	var r Roster
	doc, top := parse(file, data)
	top.hash("cluster", &r.Cluster)
	r.Era = uint64(top.number("era", 1, 1<<62))
	r.Window = int(top.number("window", 1, MaxWindow))
	var says bft.Hash
	top.hash("roster_hash", &says)
	group := top.sub("group")
	threshold := int(group.number("threshold", 1, bft.MaxNodes))
	commitments := group.texts("commitments")
	top.nodes(&r)
	if err := doc.finish(); err != nil {
		return Roster{}, err
	}
	q, err := bft.NewQuorum(len(r.Nodes))
	switch {
	case err != nil:
		top.wrong("node", "%w", err)
	case threshold != q.Amplify():
		group.wrong("threshold", "it is %d, and %d nodes need f+1 = %d", threshold, q.All(), q.Amplify())
	case len(commitments) != threshold:
		group.wrong("commitments", "there are %d, and a threshold of %d needs as many", len(commitments), threshold)
	default:
		if r.Group, err = coin.ParseGroup(q.All(), commitments); err != nil {
			group.wrong("commitments", "%w", err)
		} else if is := r.Hash(); is != says {
			top.wrong("roster_hash", "it says %s, but this roster's is %s: the file was damaged, or edited where all nodes must agree", says.Short(), is.Short())
		}
	}
	if doc.err != nil {
		return Roster{}, doc.err
	}
	return r, nil
}

// nodes reads the [[node]] tables.
func (t *table) nodes(r *Roster) {
	list := t.list("node")
	if len(list) > bft.MaxNodes {
		t.wrong("node", "there are %d nodes, at most %d", len(list), bft.MaxNodes)
		return
	}
	keys, places := make(map[string]int), make(map[string]int)
	for i, n := range list {
		node := n.node(i)
		if first, taken := keys[string(node.Key)]; taken {
			n.wrong("key", "node %d has the key of node %d", i, first)
		}
		if first, taken := keys[string(node.NewKey)]; taken && len(node.NewKey) > 0 {
			n.wrong("new_key", "node %d has the key of node %d", i, first)
		}
		at := place(node.Addr)
		if first, taken := places[at]; taken {
			n.wrong("address", "node %d has the address of node %d", i, first)
		}
		keys[string(node.Key)], keys[string(node.NewKey)], places[at] = i, i, i
		r.Nodes = append(r.Nodes, node)
	}
}

func (t *table) node(i int) (n Node) {
	if index, ok := required[int64](t, "index", aNumber); ok && index != int64(i) {
		t.wrong("index", "it is %d where %d comes: nodes are listed in order", index, i)
	}
	text, ok := required[string](t, "key", aText)
	n.Key = t.publicKey("key", text, ok)
	text, ok = optional[string](t, "new_key", aText)
	n.NewKey = t.publicKey("new_key", text, ok)
	if n.Addr, ok = required[string](t, "address", aText); ok {
		if err := checkAddress(n.Addr, false); err != nil {
			t.wrong("address", "%w", err)
		}
	}
	if n.API, ok = optional[string](t, "api", aText); ok {
		if err := checkAddress(n.API, false); err != nil {
			t.wrong("api", "%w", err)
		}
	}
	return n
}

func (t *table) hash(key string, h *bft.Hash) {
	text, ok := required[string](t, key, aText)
	if !ok {
		return
	}
	err := h.UnmarshalText([]byte(text))
	if err == nil && h.IsZero() {
		err = errors.New("it is zero")
	}
	if err != nil {
		t.wrong(key, "%w", err)
	}
}

func (t *table) number(key string, least, most int64) int64 {
	value, ok := required[int64](t, key, aNumber)
	if ok && (value < least || value > most) {
		t.wrong(key, "%d is not from %d to %d", value, least, most)
	}
	return value
}

// encode writes cluster.toml.
func (r Roster) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# The roster of a cluster: its nodes and what they must agree on. This file is the
# same on all of them. Addresses and new_key may be edited, on every node that is to
# know; all else is fixed for the era, and roster_hash guards it.

# Names the cluster: 32 random bytes.
cluster = %q

# Number of this list of nodes and their keys.
era = %d

# How many epochs may be open at once.
window = %d

# The hash of everything here but addresses and new keys. It is part of every block, so
# nodes with different ones cannot agree.
roster_hash = %q

# The public part of the cluster's threshold key. A trusted dealer made it: the
# command that wrote this file knew the whole secret key for a moment, gave each
# node its share and kept nothing. Whoever does not trust the machine on which
# that happened should not trust the coins of this cluster to be unforeseeable.
[group]
# So many nodes together can sign for the cluster: f+1.
threshold = %d

# The commitments to the polynomial that shares the key; the first is the key with
# which anyone can check certificates and beacons.
commitments = [
`, r.Cluster, r.Era, r.Window, r.Hash(), r.Group.Threshold())
	for _, c := range r.Group.Commitments() {
		fmt.Fprintf(&b, "  %q,\n", c)
	}
	b.WriteString(`]

# The nodes in order. key: the node's Ed25519 public key. new_key: what has taken its
# place at the links, see abad rekey. address: where its peers reach it (UDP). api:
# where clients reach it (HTTP), if this file is to say so.
`)
	for i, n := range r.Nodes {
		fmt.Fprintf(&b, "\n[[node]]\nindex = %d\nkey = %q\naddress = %q\n", i, hex.EncodeToString(n.Key), n.Addr)
		if len(n.NewKey) > 0 {
			fmt.Fprintf(&b, "new_key = %q\n", hex.EncodeToString(n.NewKey))
		}
		if n.API != "" {
			fmt.Fprintf(&b, "api = %q\n", n.API)
		}
	}
	return b.Bytes()
}

// String names the roster in logs.
func (r Roster) String() string {
	return strings.Join([]string{"cluster", r.Cluster.Short(), "era", fmt.Sprint(r.Era), "roster", r.Hash().Short()}, " ")
}
