// One-shot decisions: the list, and this node's vote. A vote is final, so it is
// asked for twice.

import { get, post, Refused } from "./api.js";
import { byID, el, keyed, text } from "./dom.js";
import { plural } from "./format.js";

const shown = 20;
let node = 0;

export function start() {
  byID("vote").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = byID("vote-name");
    if (field.value === "") return field.focus();
    vote(field.value, event.submitter?.value !== "no");
  });
}

// look reads the newest decisions; a node that serves none has no panel.
export async function look(status) {
  if (!status) return;
  node = status.node;
  let list;
  try {
    list = await get("/v1/decisions?limit=" + shown);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return;
    throw error;
  }
  byID("decisions-panel").hidden = false;
  byID("decisions-table").hidden = list.total === 0;
  text(byID("decisions-note"), list.total === 0 ? "none yet: a vote opens one" : list.total > shown ? `${shown} of ${plural(list.total, "decision")}, open ones first` : "");
  keyed(byID("decisions"), list.decisions, (d) => JSON.stringify(d), row);
}

function row(d) {
  const rounds = d.rounds > 0 ? plural(d.rounds, "round") + (d.coins > 0 ? ", " + plural(d.coins, "coin") : "") : "by certificate";
  return el("tr", {},
    el("th", { scope: "row", class: "name" }, d.name),
    el("td", {}, d.value === undefined ? "… " + d.state : el("span", { title: rounds }, el("b", {}, d.value ? "yes" : "no"), d.proof ? el("span", { class: "quiet", title: "the cluster’s signature is here" }, " certified") : null)),
    el("td", {}, `${d.votes}`, d.value === undefined ? el("span", { class: "quiet" }, ` of ${d.needed}`, el("span", { class: "long" }, " needed")) : null),
    el("td", {}, d.vote !== undefined ? (d.vote ? "yes" : "no") : d.value !== undefined ? el("span", { class: "quiet", title: "this node has not voted" }, "none")
      : el("span", { class: "pair" }, voteButton(d.name, true), voteButton(d.name, false))));
}

const voteButton = (name, value) => el("button", {
  type: "button", class: "plain", click: () => vote(name, value), "aria-label": `vote ${value ? "yes" : "no"} on ${name}`,
}, value ? "yes" : "no");

async function vote(name, value) {
  const word = value ? "yes" : "no";
  if (!(await confirmed(`Node ${node} votes ${word} on “${name}”. A vote is final.`, `Vote ${word}`))) return;
  const said = byID("vote-said");
  try {
    const { document: d } = await post("/v1/decisions/" + name.split("/").map(encodeURIComponent).join("/"), JSON.stringify({ vote: value }), { "Content-Type": "application/json" });
    text(said, `✓ node ${node} has voted ${word} on “${name}”` + (d.value === undefined ? `; ${d.votes} of ${d.needed} votes are in` : `; decided: ${d.value ? "yes" : "no"}`));
    byID("vote-name").value = "";
    await look({ node });
  } catch (error) {
    text(said, `✕ ${error.message}` + (error.hint ? ` (${error.hint})` : ""));
  }
}

// confirmed asks before what cannot be taken back, in a dialog of its own: the close of
// an earlier one comes late and must not be taken for an answer.
function confirmed(question, yes) {
  const dialog = el("dialog", { class: "ask", "aria-label": question }, el("form", { method: "dialog" },
    el("p", {}, question),
    el("div", { class: "row end" }, el("button", { class: "plain", value: "no" }, "Cancel"), el("button", { value: "yes" }, yes))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => {
    dialog.remove();
    answer(dialog.returnValue === "yes");
  }));
}
