// Package coin is the threshold cryptography of a cluster and the common coin
// made from it: BLS signatures on the curve BLS12-381 whose secret key nobody
// has. A trusted dealer ([Deal]) shares it among the n nodes by a polynomial
// (Shamir); a threshold of f+1 signature shares on the same message make the one
// valid signature on it, whichever shares they are, and f shares say nothing
// about it. So a signature on a name that nobody signed before is a random number
// that no f nodes can foresee, and that all correct nodes agree on.
//
// The scheme is drand's bls-unchained-g1-rfc9380: keys are points of G2 (96
// bytes), signatures and shares points of G1 (48 bytes), messages are hashed to
// G1 by RFC 9380. Anybody can check a signature with the 96 bytes of the group
// key and any BLS library; [PublicKey] does it here. What the group key signs is
// listed, and told apart, by [EpochMessage] and the functions next to it.
//
// [Machine] is the common coin of Cachin, Kursawe and Shoup ("Random Oracles in
// Constantinople", PODC 2000) with BLS signatures (Boldyreva, PKC
// 2003) for the threshold coin. One message:
//
//	share   my signature share on this coin's name. Sent to all on [Release].
//
// and one rule: when the value is asked for ([Reveal]) and Threshold shares are
// here, combine them and check the result against the group key. The value is the
// low bit of the SHA-256 digest of the signature.
//
// Deviations from the papers: shares carry no proof of correctness, and none is
// checked on its own unless a combination fails. Two pairings per coin suffice
// when nobody lies; a liar costs one more check per share and is known by name
// afterwards. Kyber's tbls.Recover checks every share first, which is f times
// dearer, so its polynomials are used here but not its recovery.
package coin
