// Package home is what lies in a node's home directory: what abad init writes and
// abad start reads.
//
//	config.toml   how this node runs: addresses, log, limits     people edit it
//	cluster.toml  the roster: who the nodes are                  the same on all nodes
//	node.key      the node's Ed25519 key, PKCS #8 (RFC 8410)     secret
//	coin.key      its share of the cluster's threshold key       secret
//	tokens.toml   who may use the API: hashes of tokens           if there are any
//	data/         the store
//	node.key.old  the key before the last abad rekey                secret
//	first-start   there until the node runs for the first time
//
// [Load] reads a home and checks that its parts belong together. Its errors name
// the file, the line and the key, and say what would be right. [Create] makes the
// homes of a new cluster.
//
// The roster hash names what the nodes must agree on. It is part of every block,
// so two nodes with different rosters would part at the first one; therefore
// cluster.toml carries the hash, and a file that was damaged or edited is refused.
// Addresses are not in the hash: a node may move, and its key says who it is.
package home
