// Package flp makes the theorem of Fischer, Lynch and Paterson (JACM 32(2), 1985)
// visible on the very code of package aba: one scheduler, which wants nothing but
// to keep the correct nodes undecided, is let loose on three clusters that differ
// in one thing, where the random bit of a random round comes from ([Coin]).
//
// # The adversary
//
// There are n = 3f+1 nodes. The adversary sees all messages as they are sent and
// picks the next one to arrive; it speaks for t <= f liars (default f), and tells
// everybody what suits it. It may not drop or forge what a correct node has sent:
// whatever it holds back in a round is delivered at the end of that round. Below,
// "alive" is f+1-t: so many correct votes and the liars' make f+1, which everybody
// relays (rule A of package aba). As long as each value is the estimate of alive
// correct nodes, both values reach every bin, and nothing but the order of arrival
// says which of them is a node's AUX. The adversary picks a value v, writes c for
// the other one, and does this in every round:
//
//  1. BVAL. Group B: f correct nodes, those with the estimate v first. Group A:
//     the n-f-t others. The liars send BVAL for both values, which is legal. B
//     gets only the votes for c until its AUX is c. That works: est c and B and
//     the liars are at least (f+1-t)+f+t = 2f+1 nodes. Then A gets only the votes
//     for v until its AUX is v: B relays v by now, and so does A, so that all n
//     nodes send it. Then everything else is delivered, and every bin is {0,1}.
//  2. AUX. The liars say v to those who shall see v alone, and c to the others. A
//     node of A that is fed AUX(v) alone hears it n-f times, from A and the liars:
//     vals = {v}. Anybody else gets the c of B first, and vals = {0,1}.
//  3. Fixed round with the coin c: alive nodes of A go on with v, the others had
//     {0,1} and go on with c. Nobody had vals = {c}, so nobody decides.
//  4. Random round: all of A gets vals = {v}, so that n-f CONF({v}) exist, from A
//     and the liars, and f CONF({0,1}) of B. Now the nodes fix V one after the
//     other. The adversary gives {0,1} to each of them, lets it have the coin, and
//     looks where it goes. Only if fewer than alive nodes came to v are the last
//     ones, which are of A, given V = {v}.
//
// If both values are alive afterwards, the next round begins like this one.
//
// # What v is, and what follows
//
// In a fixed round v is what the constant coin is not. In a random round the
// adversary must choose v before the first coin is shown: by then n-f CONF are in,
// which binds it (section 8 of the protocol's description).
//
//   - [None]: the "coin" of a round is a public function of its name. The
//     adversary computes it, takes v = the opposite, and wins every round: for ever.
//   - [Local]: each node tosses for itself. The n-t tosses must give c fewer than
//     alive times, that is at most f-t times, to end it: with probability
//     P(Bin(n-t, 1/2) <= f-t), which for t = f is 2^-(2f+1). No adversary does
//     better against t = f: whatever it is bound to, all 2f+1 tosses are that with
//     at least this probability. So 2^(2f+1) random rounds are expected.
//   - [Common]: all tosses are one. It is v with probability 1/2, and then
//     everybody goes on with v. So 2 random rounds are expected, whatever n is.
//
// An unpredictable v is always the value against the bias b: the fixed rounds that
// follow are [b, b, 1-b], so the end takes all three of them. Once a value has died
// the adversary relents: it delivers everything, and the liars fall silent.
//
// # The local coin
//
// Ben-Or (PODC 1983) has a node toss where it has seen both values, and at no other
// place. Package aba compares a single value with the coin too, and decides if they
// are equal: sound for a coin that all nodes share, and unsound for any other one.
// So a node with a [Local] coin is package aba's machine with one rule in front of
// it: a coin reaches it only while it waits for one. Without that rule this same
// scheduler makes correct nodes disagree; a test shows it.
package flp
