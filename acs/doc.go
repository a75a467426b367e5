// Package acs is one epoch: n slots, one per proposer, and agreement on which of
// them are in (the common subset of HoneyBadgerBFT, Miller et al., CCS'16, after
// Ben-Or, Kelmer and Rabin, PODC'94). A slot is the reliable broadcast of the
// proposer's header, fused with one binary agreement on "in or out":
//
//	READY(h, first)  is also BVAL(0,1,first) of the slot's agreement
//
// where first says that the sender has not sent BVAL(0,0). Every node's first
// READY counts as that vote, whatever its hash, and the agreement's own BVAL(0,1)
// stays unsent. If 1 is in the bin of round 0, f+1 correct nodes have sent READY,
// for the one hash that correct nodes can; so the header will be accepted
// everywhere, and a decided 1 can be delivered. To put in 1 is to have sent READY.
// To put in 0 is to reject the slot, which a node never does after its READY;
// READY may follow a 0 (re-propose).
//
// Rules of the epoch:
//
//	reject the rest   once Wait slots are settled (decided 1, or benched and
//	                  decided 0): reject every slot without our READY; at once
//	                  those that are benched, the others when the owner says
//	                  [Hurry], which it is asked for ([Linger])
//	bench             slots that were out before are expected out: their bias is 0
//
// The wait before [Hurry] is like a message to oneself: it may take any time, zero
// included, but it ends. So it can cost or save message delays and nothing else.
//
// Guarantee: at least n-2f slots are in, n-f when nobody is benched: correct
// slots collect no 0 until some correct node has counted Wait.
//
// Counts of message delays (tested): 3 with everybody up, 4 with f nodes crashed,
// 2 for a benched slot that is rejected at the start.
//
// Deviations from HoneyBadgerBFT: headers of content-addressed batches instead of
// erasure-coded payload in the broadcast; the fusion; bias and bench (PACE, Zhang
// and Duan, CCS'22, has the biased agreement); no threshold encryption.
package acs
