// Package bls12381 gives kyber (go.dedis.ch/kyber/v3) the pairing-friendly curve
// BLS12-381, with the field and curve arithmetic of gnark-crypto. Kyber's own
// pairing curve, bn256, has about 100 bits of security and is slower.
//
// Encodings are the ones that everybody uses for this curve ("ZCash" form,
// draft-irtf-cfrg-pairing-friendly-curves-11 appendix C): 48 bytes for a
// compressed point of G1, 96 for one of G2, 32 big-endian bytes for a scalar;
// GT takes 576 bytes. Each element has exactly one encoding; whatever else the
// decoders are given they refuse: other lengths, the uncompressed form,
// coordinates or scalars that are not reduced, points that are not on the curve
// or not in the subgroup of order r. They do accept the neutral element, which
// is an element like any other to kyber: who decodes keys or signatures must
// refuse it with IsNull.
//
// Beyond what kyber asks for, the package has the three operations that make
// threshold signatures quick: [Sum], decoding without the subgroup check
// ([PointG1.UnmarshalOnCurve]) and pairings with a prepared key ([Prepare]).
//
// Scalar multiplication is not constant time. A node multiplies by its secret at
// most a few times a second, behind a network, for peers that cannot choose the
// multiplied point but as the hash of a message.
package bls12381
