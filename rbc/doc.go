// Package rbc is reliable broadcast of one payload by one proposer: either all
// correct nodes deliver the same payload, or none delivers (Bracha, Information
// and Computation 75, 1987). The messages and what they say:
//
//	VAL(payload)    proposer to all: this is my payload
//	ECHO(h)         I hold the payload with hash h, and vouch for what it lists
//	READY(h)        enough nodes hold h that no other payload can be delivered
//	FETCH(h)        to a node that sent ECHO(h): h was accepted, give me its payload
//	FOUND(payload)  the answer
//
// The rules, with the thresholds of [bft.Quorum]:
//
//	ECHO(h)     on the first VAL, once the owner vouches for it ([Held])
//	READY(h)    on Echo ECHO(h), or on Amplify READY(h); once
//	accept h    on Deliver READY(h)
//	deliver     accepted and the payload is here
//
// Agreement: two accepted hashes would need two READY by correct nodes, hence two
// Echo sets, which share a correct node that echoes once. Totality: Deliver
// READY(h) hold Amplify correct ones, which make everybody send READY(h).
//
// Deviations from the paper. The votes carry a hash and not the payload: the
// payload is small here (a header), so it goes out once, whole, and what it lists
// travels apart. READY is never held up by a missing payload; a node that has
// accepted what it never saw fetches it. Before it echoes, a node waits for its
// owner to say [Held]: for HoneyBadger's slots that means that every batch in the
// header is in its store, so a delivered header is always retrievable.
package rbc
