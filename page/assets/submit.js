// The box that submits a value. A value has a name that is drawn here, so that
// sending it again after a lost answer cannot put it into the log twice.

import { post, Refused } from "./api.js";
import { byID, el } from "./dom.js";
import { count, ms } from "./format.js";

const kept = 5;

export function start(open) {
  const field = byID("submit-text");
  byID("submit").addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value === "") return field.focus();
    const name = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
    send(name, field.value, receipt(field.value), open);
    field.value = "";
    field.focus();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byID("submit").requestSubmit();
  });
}

// receipt makes the line that tells what becomes of a value.
function receipt(value) {
  const line = el("li", {}, el("q", {}, value.length > 40 ? value.slice(0, 40) + "…" : value), " ", el("span", {}));
  byID("receipts").prepend(line);
  while (byID("receipts").children.length > kept) byID("receipts").lastElementChild.remove();
  return line.lastElementChild;
}

async function send(name, value, line, open) {
  const say = (...parts) => line.replaceChildren(...parts);
  const again = () => el("button", { type: "button", class: "link", click: () => send(name, value, line, open) }, "send again");
  say("is on its way …");
  const began = performance.now();
  try {
    const { status, document: r } = await post("/v1/values", value, { "Content-Type": "text/plain; charset=utf-8", "Idempotency-Key": name });
    if (status === 202) return say("was taken and is in no block yet; ", again(), " waits on");
    const place = `${r.block}.${r.index}`;
    say(el("b", { class: "good" }, "✓"), ` in block ${count(r.block)} after ${ms(r.ms)} (${ms(performance.now() - began)} here) `,
      el("button", { type: "button", class: "link", click: () => open(place), "aria-label": "show value " + place }, "show"));
  } catch (error) {
    const hint = error instanceof Refused && error.hint ? ` (${error.hint})` : "";
    say(el("b", { class: "bad" }, "✕"), ` ${error.message}${hint}; `, again(), " keeps its name, so it cannot be there twice");
  }
}
