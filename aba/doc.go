// Package aba is asynchronous binary agreement: every correct node inputs a bit,
// all correct nodes decide the same bit, and it is one that a correct node put in
// (Mostéfaoui, Moumen, Raynal, PODC'14 and JACM 62(4), 2015). No message needs to
// arrive by any time. Fischer, Lynch and Paterson (JACM 32(2), 1985) show that no
// deterministic protocol can do this; here a common coin, unpredictable until f+1
// nodes have asked for it, decides when the votes do not.
//
// The messages, per round r, and what they say:
//
//	BVAL(r,v)    v is a possible outcome for me, or f+1 nodes said so
//	AUX(r,v)     v has f+1 correct supporters; it is the first such value I saw
//	CONF(r,S)    n-f nodes' AUX carried the values S       (random rounds only)
//	SHARE(r)     my share of the round's coin              (random rounds only)
//	DECIDE(v)    I have decided v
//
// Rounds follow the schedule [b, b, 1-b, RANDOM] for the bias b of the instance:
// in the first three of every four the coin is a constant. Such a round needs
// neither CONF nor SHARE, and costs no cryptography; correct nodes that agree
// beforehand decide within it. Only the fourth takes the common coin. The rules:
//
//	A   Amplify BVAL(r,v), r not ahead of me   -> send BVAL(r,v), also long after round r
//	B   Deliver BVAL(r,v)                      -> v joins bin; the first such v: send AUX(r,v)
//	C   v in bin with Wait AUX(r,v)            -> vals = {v}
//	    else bin = {0,1} and Wait AUX          -> vals = {0,1}
//	D   constant coin c                        -> conclude(vals, c)
//	E   random coin                            -> send CONF(r, vals)
//	F   v in bin with Wait CONF(r,{v})         -> V = {v}
//	    else Wait CONF(r,S) with S within bin  -> V = the union of those S
//	G   V is fixed                             -> only now send SHARE(r)
//	    V = {v}: go on with v; if the coin comes up v, v is decided
//	    V = {0,1}: wait for the coin c, conclude(V, c)
//	conclude(X, c)   X = {v}: go on with v, and decide it if v = c.  X = {0,1}: go on with c
//	DECIDE(v)        from Amplify nodes -> decide v; from Wait nodes -> halt
//
// Deviations from the paper: the fixed-coin prefix; CONF, as in Cobalt (MacBrough
// 2018), without which a scheduler that reads the coin early can keep the nodes
// apart for ever, and only in random rounds; DECIDE, so that instances end; a node
// that has decided starts a further round only when f+1 nodes have voted in it or
// beyond; re-propose (a node that put in 0 may put in 1 later) as in PACE (Zhang
// and Duan, CCS'22); and unanimity, in the spirit of Alea (Antunes et al., NSDI'24): when the first
// vote of all n nodes is v, v is decided at once. That is safe because a correct
// node whose first vote is v never sends the other one: only the relay of rule A
// could make it, which takes f+1 nodes. With re-propose this holds for 1 alone,
// for a correct node may follow its 0 with a 1 by itself; so unanimity of zeros
// counts only where re-propose is ruled out.
package aba
