// Whether the node answers, and what it says of itself. The page must never look
// alive when the node is not: what is on it is greyed and dated then.

import { byID, text } from "./dom.js";
import { ago, clock, count, plural } from "./format.js";

let last = null; // when the node last answered, ms
let downSince = null;
let why = "";

export const isDown = () => downSince !== null;

export function answered(status) {
  last = Date.now();
  downSince = null;
  document.title = "abad node " + status.node;
  text(byID("who"), `node ${status.node} of ${status.nodes}`);
  const silent = status.silent > 0;
  const [mark, word] = status.ready ? ["●", "ready"] : silent ? ["◐", "silent"] : status.behind > 0 ? ["◐", "catching up"] : ["▲", "not ready"];
  say(mark + " " + word, status.ready ? "good" : "warn");
  trouble(complaint(status));
  document.body.classList.remove("stale");
}

// complaint is what the operator should know although the node answers.
function complaint(status) {
  const down = status.peers.filter((p) => !p.up).map((p) => p.node);
  const up = status.nodes - down.length;
  if (status.silent > 0) return `This node has lost its store and stays silent up to epoch ${count(status.silent)}, so that it cannot contradict itself.`;
  if (up < status.nodes - status.faulty) return `This node sees ${up} of ${status.nodes} nodes and at least ${status.nodes - status.faulty} have to see each other: nothing can be decided now. What is submitted waits.`;
  if (status.behind > 0 && !status.ready) return `This node is ${plural(status.behind, "block")} behind and catches up.`;
  return "";
}

export function failed(error) {
  downSince ??= last ?? Date.now();
  why = error.message;
  tick();
}

// tick keeps the time since when up to date.
export function tick() {
  if (downSince === null) return;
  document.body.classList.add("stale");
  say("✕ no answer", "bad");
  const since = last === null ? "This node does not answer" : `This node has not answered since ${clock(downSince)}`;
  const shown = last === null ? "" : " What is below is how it was then.";
  trouble(`${since} (${why}).${shown}`);
  text(byID("state"), "✕ no answer for " + ago(Date.now() - downSince));
}

function say(words, mood) {
  const state = byID("state");
  state.className = "state " + mood;
  if (downSince === null) text(state, words);
}

function trouble(words) {
  const box = byID("trouble");
  box.hidden = words === "";
  text(box, words);
}
