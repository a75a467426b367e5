// Package ledger is the top machine: it opens epochs when there is something to
// agree on, runs up to K of them at once, and turns their common subsets into
// blocks, one after the other. Payload never passes through it. It learns which
// batches the local store holds ([Hold]), lists their names in headers, and asks
// for those that others list and that are missing ([Want]).
//
// When the next epoch is opened. A held batch is covered while some slot of an
// open epoch lists it, or may still turn out to: the slot is not out, and its
// header is here and lists the batch, or its header is not here yet and it is the
// slot of the batch's maker. Epoch e is opened, if e-K is committed here, when
//
//   - some held batch, whoever made it, is in no block and not covered, and either
//     the driver has said [Rested] since the last epoch was opened here, or the VAL
//     of a peer's own slot in e or later has come: the quickest sets the pace, or
//   - the VAL of Amplify peers' own slots in e or later have come: a correct node
//     has opened it.
//
// To open is to propose. So a batch that a correct node pushed makes every
// correct node open epochs until it is in a block, nobody alone drives empty
// epochs, and an idle cluster is silent. (Votes alone do not count for the second
// rule: correct nodes echo whatever header comes, so a single faulty proposer
// could collect them for an empty epoch that nobody wanted.)
//
// What a header lists: own batches that no block has taken and that no live slot
// of ours lists; and orphans, batches of other makers that no block has taken for
// [OrphanAge] epochs, so that a batch survives a slow maker.
//
// Block e is a function of the log alone: the accepted slots in index order,
// rotated by the previous block's hash; each header's batches in order; what is
// in the log already is skipped, batch or value ([Window]). Its time is the median of the
// accepted headers' clocks, and after the previous block's.
//
// Crash safety. Every call of an epoch's machine comes out as an [Entry]; the
// driver makes the entries durable before it sends the messages of the same step.
// [Machine.Replay] feeds them back, epoch by epoch, each where it came among the
// messages that the node heard of itself ([Entry.Heard]). Nothing else decides what
// a node says within an epoch, so a restarted node cannot contradict itself.
package ledger
