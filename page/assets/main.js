// The page: asks the node for what it shows, about once a second while somebody
// looks, and hands it to the parts.

import { get, token, Refused } from "./api.js";
import { byID } from "./dom.js";
import * as blocks from "./blocks.js";
import * as decisions from "./decisions.js";
import * as epoch from "./epoch.js";
import * as explorer from "./explorer.js";
import * as figures from "./figures.js";
import * as health from "./health.js";
import * as links from "./links.js";
import * as proposers from "./proposers.js";
import * as rates from "./rates.js";
import * as submit from "./submit.js";

// What is known, each as the API says it.
const known = { status: null, activity: null, links: null };

// every calls a task again and again, with a pause between, and not while nobody
// can see the page.
function every(pause, task) {
  const turn = async () => {
    if (!document.hidden) await task();
    setTimeout(turn, pause);
  };
  turn();
}

async function look() {
  try {
    known.status = await get("/v1/status");
    health.answered(known.status);
  } catch (error) {
    health.failed(error);
    if (error instanceof Refused && error.status === 401) askToken();
    return;
  }
  await Promise.all([part(lookAtActivity), part(lookAtEpochs)]);
}

// part lets one part of the page fail alone: what it shows stays as it was.
async function part(task) {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof Refused) && !health.isDown()) health.failed(error);
  }
}

async function lookAtActivity() {
  known.activity = await get("/v1/activity");
  figures.show(known);
  rates.show(known.activity);
  blocks.show(known.activity, known.status, explorer.show);
  proposers.show(known);
}

async function lookAtEpochs() {
  epoch.show(await get("/v1/epochs"), known.status);
}

async function lookAtLinks() {
  if (health.isDown() || !known.status) return;
  known.links = await get("/v1/links");
  links.show(known.links, known.status.node);
  proposers.show(known);
}

let asked = false; // once by itself; then the operator knows

function askToken(again = false) {
  if (asked && !again) return;
  asked = true;
  const dialog = byID("token");
  if (!dialog.open) dialog.showModal();
}

byID("token-open").addEventListener("click", () => askToken(true));
byID("token").addEventListener("submit", () => token.set(byID("token-value").value.trim())); // at once: the next click may need it
byID("token-forget").addEventListener("click", () => {
  token.set("");
  byID("token").close();
});
byID("token-cancel").addEventListener("click", () => byID("token").close());
byID("token").addEventListener("close", () => {
  byID("token-value").value = "";
  look();
});

explorer.start();
submit.start(explorer.show);
decisions.start();
every(1000, look);
every(2000, () => part(lookAtLinks));
every(2000, () => part(async () => { if (!health.isDown()) await decisions.look(known.status); }));
setInterval(health.tick, 1000);
