// Package bft is the vocabulary of the protocols: who a node is ([ID]), how many
// nodes suffice for what ([Quorum]), and what a protocol is ([Machine], [Step]).
//
// The rules that every machine of this module follows:
//
//   - Record, then settle. A message is stored in its slot, one per peer, kind,
//     round and value; then every rule is applied until none applies. Rules
//     compare with >= and remember that they fired.
//   - Peers cause faults, callers cause errors, our own bugs panic.
//   - A message to [Everyone] reaches its sender through the driver, never by a
//     call from inside: a machine does not re-enter itself.
//
// This package imports nothing else of this module.
package bft
