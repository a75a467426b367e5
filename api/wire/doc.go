// Package wire has the JSON documents of the HTTP API. Server and client share
// them, so that the two cannot drift apart.
//
// Ids and hashes are lower-case hexadecimal, payloads are base64 (RFC 4648
// section 4, with padding), heights and counts are JSON numbers. A reader ignores
// members that it does not know: later versions add some.
package wire
