// A set of nodes as a row of squares, one per node in roster order.

import { el } from "./dom.js";
import { nodes } from "./format.js";

// pips shows which of so many nodes are in the set. The squares are for the eye; a
// screen reader gets the sentence.
export function pips(of, set, sentence, mood = "") {
  const has = new Set(set);
  const squares = [];
  for (let id = 0; id < of; id++) squares.push(el("i", { class: has.has(id) ? "on" : "" }));
  const words = `${sentence} ${nodes(set)}`;
  return el("span", { class: `pips ${of > 16 ? "small" : ""} ${mood}`, role: "img", "aria-label": words, title: words }, squares);
}
