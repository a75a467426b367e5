// The log: a block, its values, and the check of a value's proof.

import { get } from "./api.js";
import { byID, el } from "./dom.js";
import { bytes, clock, count, fromBase64, hex, nodes, plural, readable, short } from "./format.js";

const page = 20; // values shown at a time

export function start() {
  byID("find").addEventListener("submit", (event) => {
    event.preventDefault();
    show(byID("find-what").value);
  });
}

// show finds what was asked for: "12", "12.3" or 32 hexadecimal digits.
export async function show(what) {
  what = what.trim().toLowerCase().replaceAll(",", "");
  byID("find-what").value = what;
  const place = byID("found");
  try {
    if (/^[0-9a-f]{32}$/.test(what)) {
      const { block, index } = await get(`/v1/values/${what}/proof`);
      what = `${block}.${index}`;
      byID("find-what").value = what;
    }
    if (!/^\d+(\.\d+)?$/.test(what)) throw new Error("write a block’s height, a place like 12.3, or the 32 digits of a value’s id");
    const [height, index] = what.split(".");
    const block = await get("/v1/blocks/" + height);
    const values = block.values === 0 ? [] : await read(block, Number(index ?? 0));
    place.replaceChildren(blockView(block, values, index === undefined ? null : Number(index)));
    const chosen = place.querySelector(".chosen");
    (chosen ?? byID("explore")).scrollIntoView({ block: "nearest" });
    if (chosen) chosen.querySelector("button").click();
  } catch (error) {
    place.replaceChildren(el("p", {}, el("b", { class: "bad" }, "✕ "), error.message + (error.hint ? "; " + error.hint : "")));
  }
}

// read gets some of a block's values, from an index on.
async function read(block, from) {
  const answer = await get(`/v1/log?from=${block.height}.${from}&limit=${page}`);
  return answer.values.filter((v) => v.block === block.height);
}

function blockView(block, values, chosen) {
  const step = (to, words, usable) => el("button", { type: "button", class: "plain", disabled: !usable, click: () => show(String(to)) }, words);
  return el("article", { class: "block" },
    el("header", { class: "row" }, el("h3", {}, `Block ${count(block.height)}`),
      step(block.height - 1, "← earlier", block.height > 1), step(block.height + 1, "later →", true)),
    el("dl", { class: "facts" },
      fact("Hash", el("code", {}, block.hash)),
      fact("Previous", el("code", {}, block.previous)),
      fact("Time", clock(block.time, true) + " (the median of the proposers’ clocks)"),
      fact("Proposers in", nodes(block.accepted)),
      fact("Batches", block.batches.length === 0 ? "none" : block.batches.map((b) => short(b.digest)).join(" ")),
      fact("Certificate", block.certificate ? el("code", {}, block.certificate.block) : "not yet"),
      block.certificate ? fact("Beacon", el("code", {}, block.certificate.randomness)) : null),
    el("h4", {}, plural(block.values, "value")),
    valueList(block, values, chosen));
}

const fact = (name, ...content) => el("div", {}, el("dt", {}, name), el("dd", {}, ...content));

function valueList(block, values, chosen) {
  const list = el("ol", { class: "values" }, values.map((v) => valueView(v, v.index === chosen)));
  const more = el("button", { type: "button", class: "plain" }, "more values");
  let next = values.length ? values[values.length - 1].index + 1 : 0;
  more.addEventListener("click", async () => {
    try {
      const further = await read(block, next);
      list.append(...further.map((v) => valueView(v, false)));
      next = further.length ? further[further.length - 1].index + 1 : block.values;
      more.hidden = next >= block.values;
    } catch (error) {
      more.replaceWith(el("p", { class: "bad" }, "✕ " + error.message));
    }
  });
  more.hidden = next >= block.values;
  return el("div", {}, list, more);
}

function valueView(value, chosen) {
  const data = fromBase64(value.value);
  const said = el("div", { class: "proof" });
  return el("li", { class: chosen ? "chosen" : "" },
    el("span", { class: "place" }, `${value.block}.${value.index}`),
    content(data),
    el("span", { class: "quiet" }, `${bytes(data.length)}, id `, el("code", {}, value.id), " "),
    el("button", { type: "button", class: "link", "aria-label": `check the proof of value ${value.block}.${value.index}`, click: () => check(value, said) }, "check the proof"),
    said);
}

const shownText = 400, shownBytes = 48;

function content(data) {
  const words = readable(data);
  if (words === null) return el("code", { class: "content" }, hex(data, shownBytes));
  return el("span", { class: "content" }, words.length > shownText ? words.slice(0, shownText) + "…" : words);
}

// check has the node make the proof and check it, and says what that is worth.
async function check(value, said) {
  const place = `${value.block}.${value.index}`;
  said.replaceChildren(el("p", {}, "checking …"));
  try {
    const c = await get(`/v1/log/${place}/check`);
    if (!c.valid || c.id !== value.id || c.value !== value.value) {
      return said.replaceChildren(el("p", {}, el("b", { class: "bad" }, "✕ the proof does not hold: "), c.valid ? "it is of another value" : c.error));
    }
    said.replaceChildren(
      el("p", {}, el("b", { class: "good" }, "✓ the proof holds"), ` (${bytes(c.bytes)})`),
      el("ol", {},
        el("li", {}, `the value is record ${c.record} of the batch with the BLAKE3 digest `, el("code", {}, short(c.batch))),
        el("li", {}, `the batch is under the Merkle root of block ${count(c.block)}, by ${plural(c.path, "hash", "hashes")} beside the path`),
        el("li", {}, "the block’s header ", el("code", {}, short(c.hash)), " is signed by f+1 nodes with the cluster’s key ", el("code", {}, short(c.key)))),
      el("p", { class: "quiet" }, "This node made the proof and checked it, not the browser: it shows that what is on this node’s disk is what the cluster has certified. " +
        "Who does not trust the node checks elsewhere: ", el("code", {}, "abad proof " + value.id), " writes the proof, ", el("code", {}, "abad verify"), " reads it."));
  } catch (error) {
    said.replaceChildren(el("p", {}, el("b", { class: "bad" }, "✕ not checked: "), error.message + (error.hint ? "; " + error.hint : "")));
  }
}
