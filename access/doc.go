// Package access says who may use a node's API: named tokens with roles, and the
// certificate that the API shows.
//
// A [Token] is 32 random bytes in text. A node keeps [Grant]s only: the SHA-256 of a
// token, whose it is and what it may do. A token has 256 bits of randomness, so the
// hash needs no salt and no slow function: there is nothing to guess.
//
// Roles include each other: [Operate] may all that [Submit] may, and that all that
// [Read] may.
//
// [File] reads a file again when it has changed, so that a new token or a renewed
// certificate counts without a restart.
package access
