// The node's HTTP API.

const tokenKey = "abad token";

// token is what the operator has typed in; it lives as long as this tab.
export const token = {
  get: () => sessionStorage.getItem(tokenKey) ?? "",
  set: (value) => (value ? sessionStorage.setItem(tokenKey, value) : sessionStorage.removeItem(tokenKey)),
};

// Refused is an answer that is an error: {error, hint} of the API.
export class Refused extends Error {
  constructor(status, body) {
    super(body?.error ?? "the node answered with status " + status);
    this.status = status;
    this.hint = body?.hint ?? "";
  }
}

// Unreachable: there was no answer, or not in time.
export class Unreachable extends Error {}

const patience = 6000; // ms, a little over what the API itself gives a slow node

async function call(path, options, timeout) {
  const headers = new Headers(options.headers);
  if (token.get()) headers.set("Authorization", "Bearer " + token.get());
  let response, body;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(timeout) });
    body = await response.text();
  } catch (error) {
    throw new Unreachable(error.name === "TimeoutError" ? "no answer within " + timeout / 1000 + " s" : "no connection");
  }
  let document = null;
  try {
    document = body === "" ? null : JSON.parse(body);
  } catch {
    if (response.ok) throw new Unreachable("the answer is not what a node says");
  }
  if (!response.ok) throw new Refused(response.status, document);
  return { status: response.status, document };
}

export const get = async (path) => (await call(path, {}, patience)).document;

// post sends a body and waits as long as the API may take for it.
export const post = (path, body, headers = {}, timeout = 40_000) => call(path, { method: "POST", body, headers }, timeout);
