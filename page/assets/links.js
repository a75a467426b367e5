// Who sees whom: a row for every node, with what it says of its links.

import { byID, el, text } from "./dom.js";

const roomy = 10; // beyond so many nodes the cells have no room for numbers

export function show({ views }, self) {
  let down = 0, unknown = 0;
  const small = views.length > roomy;
  const table = byID("links");
  table.classList.toggle("small", small);
  const rows = views.map((view) => el("tr", {},
    el("th", { scope: "row", title: view.error ? view.error : `what node ${view.node} says` }, String(view.node), view.node === self ? el("span", { class: "quiet" }, small ? "" : " this") : null),
    views.map((_, about) => {
      if (about === view.node) return el("td", { class: "self" }, "·");
      if (view.error) {
        unknown++;
        return el("td", { class: "unknown", title: `node ${view.node}: ${view.error}` }, "?");
      }
      const link = view.links[about];
      if (!link.up) {
        down++;
        return el("td", { class: "down", title: `node ${view.node} has no link to node ${about}` }, "✕");
      }
      const rtt = link.rtt_ms >= 10 ? link.rtt_ms.toFixed(0) : link.rtt_ms.toFixed(1);
      return el("td", { class: "up " + tint(link.rtt_ms), title: `node ${view.node} sees node ${about}, ${rtt} ms` }, small ? "✓" : rtt);
    })));
  table.replaceChildren(
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, small ? "" : "says"), views.map((v) => el("th", { scope: "col" }, String(v.node))))),
    el("tbody", {}, rows));
  const all = views.length * (views.length - 1);
  text(byID("links-note"), all === 0 ? "a cluster of one" : down + unknown === 0 ? `all ${all} ends of links are up`
    : `of ${all} ends of links ${down} are down` + (unknown > 0 ? `, ${unknown} unknown` : ""));
}

// tint groups round-trip times: one machine, one site, one continent, farther.
function tint(rtt) {
  if (rtt < 2) return "near";
  if (rtt < 20) return "site";
  if (rtt < 80) return "far";
  return "farther";
}
