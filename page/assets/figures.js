// The node in six numbers.

import { byID, el, text } from "./dom.js";
import { bytes, clock, count, ms, perSecond, plural, short } from "./format.js";

const most = 10; // seconds that rates are taken over

export function show({ status, activity }) {
  const now = Math.floor(Date.parse(activity.time) / 1000);
  const recent = Math.max(1, Math.min(most, now - Math.ceil(Date.parse(status.started) / 1000)));
  // The running second is not over, so it does not count.
  const seconds = activity.seconds.filter((s) => s.second < now && s.second >= now - recent);
  const rate = (of) => seconds.reduce((sum, s) => sum + s[of], 0) / recent;
  const timed = activity.blocks.filter((b) => b.took_ms > 0).slice(-32).map((b) => b.took_ms).sort((a, b) => a - b);
  const up = 1 + status.peers.filter((p) => p.up).length;
  const faults = status.peers.reduce((sum, p) => sum + p.faults, 0);
  const open = status.open.length;
  figure("Height", count(status.height), open === 0 ? "no epoch open" : plural(open, "epoch") + " in flight");
  figure("Values per second", perSecond(rate("values")), perSecond(rate("blocks")) + ` blocks/s, over ${recent} s`);
  figure("Commit latency", timed.length ? ms(timed[timed.length >> 1]) : "–", timed.length ? `median of ${plural(timed.length, "block")}` : "no block yet");
  figure("Nodes up", `${up} of ${status.nodes}`, `${status.nodes - status.faulty} are needed`, up < status.nodes ? (up < status.nodes - status.faulty ? "bad" : "warn") : "");
  figure("Waiting here", bytes(status.queued), plural(status.waiting, "batch", "batches") + " in no block");
  text(byID("foot"), `cluster ${short(status.cluster)} · era ${status.era} · survives ${status.faulty} faulty of ${status.nodes} · ` +
    `last block ${status.height === 0 ? "none" : short(status.hash)} · certified to ${count(status.certified)} · ` +
    `process started ${clock(status.started, true)}`);
  figure("Faults seen", count(faults), faults === 0 ? "no peer broke a rule" : "messages no correct node sends", faults > 0 ? "warn" : "");
}

// figure shows one number, in the place that it has had since the first time.
function figure(name, value, note, mood = "") {
  const id = "figure-" + name.toLowerCase().replaceAll(" ", "-");
  let box = byID(id);
  if (!box) {
    box = el("div", { id }, el("dt", {}, name), el("dd", { class: "value" }), el("dd", { class: "quiet" }));
    byID("figures").append(box);
  }
  box.className = mood;
  text(box.children[1], (mood ? "▲ " : "") + value);
  text(box.children[2], note);
}
