// Small line charts as SVG. They show a shape; the numbers stand beside them in words.

import { h, svg } from "./dom.js";

/** A line through [time, value] points, with the area under it; null values break the line. */
export function spark(points, { width = 96, height = 28, label, tone = "accent", low, high } = {}) {
  const there = points.filter(([, value]) => value !== null && value !== undefined);
  if (there.length < 2) return h("span", { class: "muted", title: "Too few points yet" }, "–");
  const place = scale(there, { width, height, low, high });
  return svg(
    "svg",
    { class: `spark ${tone}`, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    runs(points).map((run) => area(run, place, height)),
    runs(points).map((run) => svg("path", { class: "line", d: line(run, place), "vector-effect": "non-scaling-stroke" })),
  );
}

function scale(points, { width, height, low, high }) {
  const values = points.map(([, value]) => value);
  const bottom = low ?? Math.min(...values);
  const range = (high ?? Math.max(...values)) - bottom || 1;
  const [start, end] = [points[0][0], points.at(-1)[0]];
  const inner = height - 4;
  return ([time, value]) => [
    (((time - start) / (end - start || 1)) * width).toFixed(1),
    (2 + inner - ((value - bottom) / range) * inner).toFixed(1),
  ];
}

/** The points between missing ones. */
function runs(points) {
  const found = [[]];
  for (const point of points) {
    if (point[1] === null || point[1] === undefined) found.push([]);
    else found.at(-1).push(point);
  }
  return found.filter((run) => run.length > 1);
}

const line = (run, place) => `M${run.map((point) => place(point).join(",")).join("L")}`;

function area(run, place, height) {
  const [start] = place(run[0]);
  const [end] = place(run.at(-1));
  return svg("path", { class: "area", d: `${line(run, place)}L${end},${height}L${start},${height}Z` });
}
