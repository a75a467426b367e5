// Package decision is binary agreement by itself, outside any epoch: the operators
// of the nodes vote yes or no on a name, and the cluster decides one bit.
//
//	agreement    no two correct nodes decide differently
//	validity     if all correct nodes vote alike, that is the decision
//	termination  once n-f correct nodes have voted and their messages arrive, it is decided
//
// whatever f nodes do; and nothing is decided before n-f nodes have voted. A
// decision is one [aba.Machine] with bias yes and without re-propose, in which a
// node speaks when it has voted, and votes once. Message delays: 1 when all n nodes vote alike, 2
// when n-f vote yes and nothing else is heard.
//
// What is kept. An open name costs a node memory, and anybody in the roster can
// open names. A correct node has at most [MaxVotes] votes of its own in open
// decisions, and speaks of no other name except to pass on what f+1 nodes say was
// decided, one of them correct; so it speaks of at most n*[MaxVotes] names at once.
// Beyond that, names of a peer are not kept: it is not correct. A decided name is remembered until its
// operator prunes it, [MaxDecided] at most: to forget it would allow a second,
// different decision. Of what was pruned the last [MaxDecided] names are kept in
// memory, so that no message that comes late opens one again.
//
// A decision gets a certificate as a block does. With it peers forget the votes; a
// node that comes later is given value and certificate on request.
package decision
