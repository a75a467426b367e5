// Package api serves a node's log to clients: HTTP/1.1 with JSON documents, which
// package wire describes and package client speaks.
//
//	POST /v1/values             submit a value, wait until it is in a block
//	POST /v1/values/stream      submit many on one connection, see package wire
//	GET  /v1/blocks/{height}    a block: header, hash, batches, certificate
//	GET  /v1/log                values from a position on, in pages
//	GET  /v1/log/stream         the same without end, as server-sent events
//	POST /v1/decisions/{name}   this node's vote on a one-shot decision: {"vote": true}
//	GET  /v1/decisions/{name}   how it stands; ?wait=30s waits until it is certified
//	GET  /v1/decisions          a page of them, ?from=0&limit=100; DELETE one to forget it
//	POST /v1/agreements/{name}  this node's proposal of a value, a body as for /v1/values
//	GET  /v1/agreements/{name}  how it stands; ?wait=30s waits until it is reached
//	GET  /v1/status             the node and what it knows of its peers
//	GET  /v1/stats              counters, for benchmarks
//	GET  /v1/epochs             the epochs under way, vote by vote
//	GET  /v1/activity           the newest blocks in short, and counts per second
//	GET  /v1/links              who sees whom: what every node says of its links
//	GET  /v1/log/{position}/check   a value, its proof made and checked by the node
//	GET  /metrics               the same and more, for Prometheus; see package metrics
//	GET  /v1/openapi.json       all of this for programs, OpenAPI 3.1
//	PUT  /v1/log/level          {"level": "debug"}: what the node logs; GET shows it
//	GET  /debug/pprof/          profiles of the process
//	GET  /healthz               200 while the process is alive
//	GET  /readyz                200 while the node can decide, else 503, with every condition
//
// # Submitting
//
// The body is the payload, whatever its type; with Content-Type application/json
// it is {"value": base64} or {"text": string}, with an optional "id". The header
// Idempotency-Key, 32 hexadecimal digits, names the value. Without it the server
// draws a name. The answer repeats it, also when it is an error.
//
// The same name and payload sent again, here or to another node, is the same
// value: it is in the log once, and every sender gets the one receipt, for as
// long as the log remembers names (1024 blocks). So a client that is in doubt
// sends again.
//
//	200  {"block":12,"index":0,"id":"...","ms":3.1}   the value is in that block
//	202  {"id":"...","pending":true}                  taken, in no block yet
//
// A receipt with "ahead":true is of a block that this node does not have yet, as it is
// behind; f+1 others do.
//
// 202 comes at once with ?wait=false, and else when ?timeout=30s has passed (30
// seconds unless given, 5 minutes at most). It is not an error, because nothing
// has failed: the node holds the value on disk and will go on with it, only the
// time is not known in an asynchronous system. A 503 or 504 would invite callers
// and proxies to count a failure that did not happen. Whoever wants to wait on
// sends the value again with its name.
//
//	400  the name, the JSON, the query or the HTTP framing is wrong; body cut off
//	403  a browser sends it for a page of another origin
//	408  the body did not come within 30 seconds
//	409  the name belongs to another value
//	413  over the node's limit, 1 MiB unless configured
//	415  a multipart form, a compressed body or JSON that is not UTF-8
//	422  the value is empty
//	429  too much is waiting here; Retry-After says when to come again
//	503  the node is stopping; the value may come out all the same
//
// # Reading
//
// A position is a height and an index in the block, "12.3"; "12" is its start.
// GET /v1/log?from=12.3&limit=100 gives at most so many values (10000 at most, and
// about 4 MiB), the position to go on from, and the height of the log. A stream's
// event carries its value's position as its id, so a browser that reconnects with
// Last-Event-ID goes on where it was, also inside a block.
//
// # Errors
//
// Every error is {"error": what, "hint": what to do, "request_id": id}; the id, also
// in X-Request-Id, is the caller's or made here, and stands in the node's log. Unknown
// paths and heights get 404, wrong methods 405 with Allow. Only requests that
// net/http itself refuses to parse get its plain text.
//
// # Who may call
//
// While nobody has made a token, everybody on this machine may do everything, and
// the API listens on loopback addresses only. With tokens (package access) requests
// show one, "Authorization: Bearer TOKEN", and get 401 without or 403 where its role
// is not enough: GET needs read, submitting submit, all else operate, among it
// backups, profiles and the log's level. /healthz and /readyz need none. An address
// that other machines can reach needs TLS, too.
//
// Web pages in this machine's browser run on loopback as well. Two attacks are known.
// In DNS rebinding a page's own name is made to point to 127.0.0.1, so that the
// browser takes this API for the page's server; but the Host header still has that
// name, and without tokens requests whose Host is not a loopback address or
// "localhost" get 421. In request forgery a page posts to 127.0.0.1 directly;
// browsers mark that with Sec-Fetch-Site or Origin, and such a POST gets 403. Pages
// can read answers if their origin is in the configuration, and no others.
//
// # What clients can cost
//
// Every number is bounded by [Limits] or a constant: connections, submissions that
// wait, bodies in memory, readers, blocks in memory; headers, bodies and answers
// have deadlines. A reader gets the log piece by piece, and while it is slow it
// holds one piece. What is over a limit gets 429 at once instead of waiting.
package api
