// Numbers, times and bytes for people.

const whole = new Intl.NumberFormat("en");

export const count = (n) => whole.format(n);

// perSecond shows a rate with the digits that it is worth.
export function perSecond(n) {
  return n === 0 || n >= 10 ? whole.format(Math.round(n)) : n.toFixed(1);
}

export function ms(n) {
  if (n >= 10_000) return (n / 1000).toFixed(0) + " s";
  if (n >= 1000) return (n / 1000).toFixed(1) + " s";
  if (n >= 100) return n.toFixed(0) + " ms";
  return n.toFixed(n >= 10 || n === 0 ? 0 : 1) + " ms";
}

export function bytes(n) {
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
    if (n >= size) return (n / size).toFixed(n >= 10 * size ? 0 : 1) + " " + unit;
  }
  return n === 1 ? "1 byte" : n + " bytes";
}

export function clock(time, withDate = false) {
  const date = new Date(time);
  const hours = date.toLocaleTimeString("en-GB");
  return withDate ? date.toLocaleDateString("en-CA") + " " + hours : hours;
}

export function ago(milliseconds) {
  const s = Math.max(0, Math.round(milliseconds / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return Math.floor(s / 86400) + " d";
}

export const short = (hash) => hash.slice(0, 8);

export const plural = (n, one, many = one + "s") => count(n) + " " + (n === 1 ? one : many);

// nodes names nodes in a sentence.
export function nodes(ids) {
  if (ids.length === 0) return "no node";
  return (ids.length === 1 ? "node " : "nodes ") + ids.join(", ");
}

export function fromBase64(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

// readable gives the text of bytes, or null where they are not text.
export function readable(data) {
  try {
    const s = new TextDecoder("utf-8", { fatal: true }).decode(data);
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(s) ? null : s;
  } catch {
    return null;
  }
}

export function hex(data, most) {
  const shown = [...data.subarray(0, most)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  return data.length > most ? shown + " …" : shown;
}
