// How each node's proposals fare, and who has complained about it.

import { byID, el, text } from "./dom.js";
import { count, plural } from "./format.js";

export function show({ status, activity, links }) {
  if (!status || !activity) return;
  const blocks = activity.proposers[0]?.blocks ?? 0;
  text(byID("nodes-note"), blocks === 0 ? "no block yet" : `over the newest ${plural(blocks, "block")}`);
  const peers = new Map(status.peers.map((p) => [p.node, p]));
  byID("nodes").replaceChildren(...activity.proposers.map((p) => {
    const peer = peers.get(p.node);
    const height = peer ? peer.height : status.height;
    const faults = blamed(links, p.node) ?? peer?.faults ?? 0;
    return el("tr", {},
      el("th", { scope: "row", title: peer ? peer.addr : "this node" }, String(p.node), peer ? (peer.up ? null : el("span", { class: "tag bad", title: peer.error }, "✕ down")) : el("span", { class: "quiet" }, " this")),
      el("td", {}, bar(p.accepted, p.blocks)),
      el("td", { class: "number" }, height === 0 ? "–" : count(height)),
      el("td", { class: faults > 0 ? "number warn" : "number" }, (faults > 0 ? "▲ " : "") + count(faults)));
  }));
}

// blamed sums the faults that all nodes which could be asked have seen of a node.
function blamed(links, node) {
  if (!links) return null;
  return links.views.reduce((sum, view) => sum + (view.links[node]?.faults ?? 0), 0);
}

function bar(part, all) {
  const share = all === 0 ? 0 : part / all;
  const words = all === 0 ? "–" : Math.round(100 * share) + " %";
  const fill = el("i");
  fill.style.width = 100 * share + "%";
  return el("span", { class: "share", title: `${part} of ${all}` }, el("span", { class: "bar", "aria-hidden": "true" }, fill), el("span", { class: "percent" }, words));
}
