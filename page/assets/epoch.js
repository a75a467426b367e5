// The epoch in flight: proposers down, phases across. An epoch lasts some tens of
// milliseconds, so on a cluster that is well it is the last block's that one sees;
// what hangs is seen as it hangs.

import { byID, el, text } from "./dom.js";
import { count, ms, plural } from "./format.js";
import { pips } from "./pips.js";

const phases = [
  ["VAL", "the proposer’s header is here"],
  ["ECHO", "who holds all that the header lists"],
  ["READY", "who knows that no other header can win; also the vote “in”"],
  ["AUX", "who has seen enough votes for one outcome, by round"],
  ["Decided", "whether the header is in the block"],
];

let held = false;

byID("epoch-hold").addEventListener("click", (event) => {
  held = !held;
  event.target.setAttribute("aria-pressed", held);
});

export function show(epochs, status) {
  const open = epochs.open[0];
  const view = open ?? epochs.last;
  if (held && view) return;
  if (!view) {
    text(byID("epoch-title"), "Epoch in flight");
    text(byID("epoch-note"), epochs.height === 0 ? "none yet: submit a value" : "none since the process started: submit a value");
    return;
  }
  const more = epochs.open.length - 1;
  text(byID("epoch-title"), `Epoch ${count(view.epoch)}`);
  text(byID("epoch-note"), open ? `in flight for ${ms(view.for_ms)}` + (more > 0 ? `, ${more} more behind it` : "")
    : `became a block` + (view.for_ms > 0 ? ` in ${ms(view.for_ms)}` : "") + "; none in flight");
  const { echo, deliver, wait } = epochs.thresholds;
  text(byID("epoch-legend"), `A square is a node, filled when its vote was heard here. ECHO needs ${echo}, READY ${deliver}, AUX ${wait} of ${status.nodes}; ` +
    `READY of all ${status.nodes} decide at once, and AUX is not waited for.`);
  byID("epoch").replaceChildren(
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Proposer"), phases.map(([name, title]) => el("th", { scope: "col", title }, name)))),
    el("tbody", {}, view.slots.map((slot, id) => row(slot, id, epochs.thresholds, status))),
  );
}

function row(slot, id, thresholds, status) {
  return el("tr", {},
    el("th", { scope: "row" }, el("span", { class: "long" }, "node "), String(id), id === status.node ? el("span", { class: "quiet long" }, " this") : null,
      slot.benched ? el("span", { class: "tag", title: "was absent before, so it is expected out" }, "benched") : null),
    el("td", {}, el("span", { class: slot.val ? "mark reached" : "mark", title: slot.val ? "the header is here" : "no header yet" }, slot.val ? "✓" : "·")),
    votes("ECHO", slot.echo, thresholds.echo, status.nodes),
    votes("READY", slot.ready, thresholds.deliver, status.nodes),
    slot.decided && slot.aux.length === 0 ? el("td", { class: "quiet" }, "–") : votes("AUX", slot.aux, thresholds.wait, status.nodes, slot.aux_round),
    outcome(slot));
}

function votes(phase, from, needed, all, round = 0) {
  const reached = from.length >= needed;
  return el("td", { class: reached ? "reached" : "" },
    pips(all, from, phase + " heard from", reached ? "reached" : ""),
    el("span", { class: "fraction" }, `${from.length}`, round > 0 ? el("span", { class: "quiet", title: `in round ${round + 1}` }, ` r${round + 1}`) : null));
}

function outcome(slot) {
  const coins = slot.coins > 0 ? `, ${plural(slot.coins, "coin")}` : "";
  const effort = `${plural(slot.rounds, "round")} entered${coins}`;
  if (!slot.decided) return el("td", { title: effort }, el("span", { class: "outcome" }, slot.rejected ? "… voted out" : "… open"));
  if (slot.accepted) return el("td", { title: effort }, el("span", { class: "outcome good" }, "✓ in"));
  return el("td", { title: effort }, el("span", { class: "outcome out" }, "✕ out"));
}
