// The newest blocks. A row stays the same element as it moves down, so whoever has
// the focus on one keeps it.

import { byID, el, keyed, text } from "./dom.js";
import { clock, count, ms, plural } from "./format.js";
import { pips } from "./pips.js";

const shown = 10;

export function show(activity, status, open) {
  const list = activity.blocks.slice(-shown).reverse();
  text(byID("blocks-note"), list.length === 0 ? "none yet" : `the newest ${list.length} of ${plural(status.height, "block")}`);
  keyed(byID("blocks"), list, (b) => b.height, (b) => el("tr", {},
    el("th", { scope: "row" }, el("button", { type: "button", class: "link", click: () => open(String(b.height)), "aria-label": "show block " + b.height }, count(b.height))),
    el("td", { class: "wide", title: "the block’s own time" }, clock(b.time)),
    el("td", { class: "number" }, count(b.values)),
    el("td", { class: "number", title: b.took_ms > 0 ? "from opening the epoch to the block on disk, at this node" : "the block came from peers or was here before the process started" }, b.took_ms > 0 ? ms(b.took_ms) : "–"),
    el("td", {}, pips(status.nodes, b.accepted, "proposers in the block:", "reached"))));
}
