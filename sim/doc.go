// Package sim runs the very ledger code of n nodes against an adversary, in one
// goroutine, without a clock, as a function of a seed. What is real: every
// protocol machine, its messages, its journal and its replay. What is simulated:
// the driver, the links, the disks and the signatures (package cointest).
//
// One event happens at a time and the adversary picks which. It may
//
//   - delay and reorder without bound, and hand a message over twice;
//   - let any hint fire or wait: hurry, rest, catch-up, pull, certifier, sync;
//   - reset a link, crash a node at any event (what was not synced is lost, or not)
//     and restart it, partition the network and heal it;
//   - lose a PUSH, which promises nothing;
//   - speak for at most f faulty nodes, knowing everything that anybody knows.
//
// It may not forge, and what a correct node sends to another one arrives, unless
// its epoch is certified at the sender before: then the certified block does.
//
// A run has two phases. In the safety phase the adversary does its worst while
// clients submit values. In the liveness phase it relents: links heal, nodes come
// up, order is random and fair. Then the events must run out, and when they have,
// every correct node must have the same certified log with every value in it.
// Checkers look at every step (check*.go); each failure names its property, its
// class ([Safety] or [Liveness]) and its seed, and happens again with that seed.
//
// A green run means little until planted bugs say how sharp it is: package teeth.
package sim
