// Package agree decides between many values: each operator proposes one through
// the log, and the outcome is a function of the log, so all nodes have the same.
//
//	the value that most of the first n-f distinct nodes' proposals in log order
//	name; among values that as many name, the one that is named first
//
// What that guarantees, with at most f faulty nodes of n > 3f:
//
//	agreement    all correct nodes have the same outcome, as they have the same log
//	validity     if all correct nodes propose v, then v: of the n-f that count, at
//	             least n-2f > f are correct and name v, and at most f name another
//	termination  when n-f correct nodes have proposed, for the log takes every value
//	             of a correct node
//
// and what it does not: if correct nodes propose different values, the outcome may
// be one that only a faulty node proposed, for f faulty ones that name the same
// outnumber correct ones that all differ. An outcome that f+1 name is some correct
// node's; the number is told. Who is among the first n-f is up to the order of the
// log, which an adversary has a say in.
//
// A proposal is an ordinary value of the log, so everybody can write one, in
// anybody's name. What makes it a node's is a signature with the key that the
// roster has of the node:
//
//	payload = "abad/proposal/v1" | CBOR {0: name, 1: node, 2: value, 3: signature}
//	signed  = "abad/proposal/v1" | cluster 32 | era 8 | node 2 | SHA-256(name) 32 | SHA-256(value) 32
//
// with Ed25519 and big-endian integers. The key signs TLS handshakes too; those
// begin with 64 spaces (RFC 8446, section 4.4.3), so the one can never be taken for
// the other. A value that looks like a proposal and is none is an ordinary value.
//
// A node's first proposal on a name counts, and later ones are nothing. Names that
// are open cost memory, so a node is counted on at most [MaxOpen] of them at a time:
// its proposals beyond that are nothing either, by the order of the log alone. The
// last [MaxKept] outcomes are remembered; a name that is older may be used again.
package agree
