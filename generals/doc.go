// Package generals plays the Byzantine generals (Lamport, Shostak, Pease, ACM
// TOPLAS 4(3), 1982) on the real agreement: every loyal general is a
// [decision.Machine], the very code that a daemon runs, and a seed draws how long
// messengers ride, which of them the enemy captures, and what traitors say.
//
//	orders     general i is for attack or for retreat: his vote
//	agreement  no two loyal generals decide differently
//	validity   if all loyal generals are for the same, they decide that
//
// hold while n > 3t for t traitors, however late messengers arrive. A captured
// messenger is missed by his sender, who sends another: so losses delay, and do
// not harm. Nobody decides by the clock. The hours that are told are the
// scheduler's; no general reads them. What comes out with too many traitors is
// what the same code does then.
//
// A traitor knows the protocol and every loyal general's state of affairs as far as
// letters reach him, answers at once, and his messengers are never captured:
//
//	split      attack to one half of the loyal generals, retreat to the other, in everything
//	silent     nothing at all
//	random     anything, drawn anew for every letter
//	commander  he gives the orders, different ones; then he goes on as split
//
// With a threshold the army attacks only if enough generals will, and everybody
// has to know of how many he counts. Each general tells the others what he will
// do, and one decision per general settles "will general i attack?":
//
//	on i's letter              vote what it says
//	n-f of the n are decided   vote no on all others: who was not heard of is not counted on
//	all n are decided          count; attack if the threshold is reached
//
// All loyal generals count the same. A loyal general who is counted does attack,
// since otherwise no loyal one would have voted yes: of c who are counted at least
// c-f are loyal and attack. And before the first loyal general gives up waiting, n-f
// decisions were made on letters alone: so at most f generals are left out because
// their messengers are slow. It is the common subset of Ben-Or, Kelmer and Rabin
// (PODC'94), which this module's epochs run too, with orders for values.
package generals
