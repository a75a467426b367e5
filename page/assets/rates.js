// Two plots of the last two minutes: values per second, and how long epochs took.

import { byID, el, svg, text } from "./dom.js";
import { ms, perSecond } from "./format.js";

const span = 120; // seconds
const size = { width: 0, height: 96, left: 46, right: 8, top: 8, bottom: 18 };
let plotWidth = 0; // as wide as there is room, so that letters keep their size
const plotHeight = size.height - size.top - size.bottom;

export function show(activity) {
  size.width = Math.max(240, byID("plots").clientWidth);
  plotWidth = size.width - size.left - size.right;
  const end = Math.floor(Date.parse(activity.time) / 1000);
  const at = new Map(activity.seconds.map((s) => [s.second, s]));
  const series = [];
  for (let i = span; i >= 1; i--) series.push(at.get(end - i) ?? null); // whole seconds only
  plot("values", "Values per second", "in blocks that became durable here", series.map((s) => s?.values ?? 0), bars, (n) => perSecond(n));
  plot("latency", "Commit latency", "mean as a line, slowest as dots; from opening an epoch to its block on disk here",
    series.map((s) => (s && s.mean_ms > 0 ? { mean: s.mean_ms, most: s.most_ms } : null)), line, ms);
}

function plot(id, title, unit, series, draw, format) {
  let figure = byID("plot-" + id);
  if (!figure) {
    figure = el("figure", { id: "plot-" + id }, el("figcaption", {}, el("b", {}, title), el("span", { class: "quiet" }, " ", unit)), svg("svg"));
    byID("plots").append(figure);
  }
  const tops = series.filter((v) => v !== null).map((v) => v.most ?? v);
  const top = nice(Math.max(1, ...tops));
  const words = tops.some((v) => v > 0) ? `${title}, last two minutes: at most ${format(Math.max(...tops))}` : `${title}, last two minutes: nothing`;
  const y = (v) => size.top + plotHeight * (1 - Math.min(v, top) / top);
  const x = (i) => size.left + (plotWidth * i) / span;
  figure.lastElementChild.replaceWith(svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": words },
    (tops.some((v) => v > 0) ? [0, 0.5, 1] : [0]).map((part) => [
      svg("line", { class: "rule", x1: size.left, x2: size.width - size.right, y1: y(top * part), y2: y(top * part) }),
      svg("text", { class: "tick", x: size.left - 6, y: y(top * part) + 3.5, "text-anchor": "end" }, format(top * part)),
    ]),
    [[0, "2 min ago", "start"], [span / 2, "1 min", "middle"], [span, "now", "end"]].map(([i, words, anchor]) =>
      svg("text", { class: "tick", x: x(i), y: size.height - 4, "text-anchor": anchor }, words)),
    tops.some((v) => v > 0) ? draw(series, x, y)
      : svg("text", { class: "tick", x: x(span / 2), y: y(top / 2), "text-anchor": "middle" }, "no block in the last two minutes")));
}

function bars(series, x, y) {
  const step = plotWidth / span;
  return series.map((v, i) => (v > 0 ? svg("rect", { class: "bar", x: x(i), y: y(v), width: step * 0.8, height: Math.max(1, y(0) - y(v)) }) : null));
}

// line joins the means of seconds that follow each other, and dots the slowest.
function line(series, x, y) {
  const paths = [];
  let run = [];
  const end = () => {
    if (run.length === 1) paths.push(svg("circle", { class: "mean", cx: run[0][0], cy: run[0][1], r: 1.6 }));
    if (run.length > 1) paths.push(svg("path", { class: "line", d: "M" + run.map((p) => p.map((n) => n.toFixed(1)).join(" ")).join("L") }));
    run = [];
  };
  series.forEach((v, i) => {
    if (v === null) return end();
    run.push([x(i + 0.5), y(v.mean)]);
  });
  end();
  return [series.map((v, i) => (v === null ? null : svg("circle", { class: "most", cx: x(i + 0.5), cy: y(v.most), r: 1.4 }))), paths];
}

// nice is the next of 1, 2, 4, 6, 8, 10, times a power of ten.
function nice(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return power * [1, 2, 4, 6, 8, 10].find((m) => m * power >= n - 1e-9);
}
