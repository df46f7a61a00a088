// What stands in words beside the chart: venues, gaps, and the candles as a table.

import { h, table, words } from "./dom.js";
import * as say from "./format.js";
import { CAUSES } from "./gaps.js";

const FIRST_GAPS = 6;

/** Each venue's price against the median of those that quote the same currency. */
export function venueTable({ base, venues = [] }) {
  if (!venues.length) return words(`No venue's price of ${base} is in the lake.`);
  const columns = [{ title: "Venue" }, { title: "Quote" }, { title: "Price", numeric: true }, { title: "Against the median", numeric: true }, { title: "Seen", numeric: true }];
  const rows = venues.map(({ source, quote, price, bps, observed_at: seen }) => [
    source,
    quote,
    h("data", { value: price, title: say.exact(price) }, say.amount(price)),
    say.basisPoints(bps, { signed: true }),
    h("span", { title: say.moment(seen) }, say.ago(seen)),
  ]);
  return [h("h3", {}, "Venues"), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Venues" }, table(`Prices of ${base} by venue`, columns, rows))];
}

/** The gaps as buttons that lead there, the newest first. */
export function gapList(spans, reveal) {
  if (!spans.length) return words("No gaps: every candle of this stretch is here.");
  const newest = spans.toReversed();
  const items = newest.map((span, at) => h("li", {}, h("button", { type: "button", id: `gap-${span.start}`, class: `cause ${span.status}`, onclick: () => reveal(span) }, caption(span)), at < FIRST_GAPS && span.evidence ? h("span", { class: "muted" }, ` ${span.evidence}`) : null));
  const list = (some) => h("ul", { class: "gaps" }, some);
  const title = h("h3", {}, `${spans.length === 1 ? "1 gap" : `${spans.length} gaps`} in these candles`);
  if (items.length <= FIRST_GAPS) return [title, list(items)];
  return [title, list(items.slice(0, FIRST_GAPS)), h("details", { class: "plain" }, h("summary", {}, `${items.length - FIRST_GAPS} older gaps`), list(items.slice(FIRST_GAPS)))];
}

function caption({ status, start, end, buckets, shortened }) {
  const title = CAUSES[status]?.title ?? status;
  const number = buckets === 1 ? "1 candle" : `${say.count(buckets)} candles`;
  return `${title}: ${say.moment(start)}, ${say.span(end - start)}, ${number}${shortened ? ", drawn shortened" : ""}`;
}

/** A candle that is not complete, in words. */
export const known = ({ share, running }) => {
  const percent = share === null ? "an unknown part" : `${Math.floor(share * 100)} %`;
  return running ? `still running, ${percent} so far` : `incomplete, ${percent} known`;
};

/** What hollow candles mean, where there are some. */
export function partialNote(partial) {
  const running = [...partial.values()].filter((one) => one.running).length;
  const holed = partial.size - running;
  const told = [
    holed ? `${holed} incomplete: something of ${holed === 1 ? "it" : "them"} is missing, so the price, range and volume may differ` : null,
    running ? `${running === 1 ? "the newest one" : running} still running` : null,
  ].filter(Boolean);
  return told.length ? h("p", { class: "hollow" }, `Hollow and blue: ${told.join("; ")}.`) : null;
}

/** Every candle and, where some are missing, one row that says so; the newest first. */
export function candleTable({ base, interval, venue, points, spans, partial }) {
  const columns = [{ title: "Start, UTC" }, ...["Open", "High", "Low", "Close", "Volume"].map((title) => ({ title, numeric: true }))];
  if (partial.size) columns.push({ title: "Complete" });
  const completeness = (time) => (partial.size ? [partial.has(time) ? known(partial.get(time)) : "yes"] : []);
  const starts = new Map(spans.map((span) => [span.first, span]));
  const rows = points.toReversed().flatMap((point) => {
    if (point.length > 1) return [[say.moment(point[0]), ...point.slice(1, 5).map(say.amount), say.compact(point[5]), ...completeness(point[0])]];
    const span = starts.get(point[0]);
    return span ? [h("tr", { class: "missing" }, h("td", { colspan: String(columns.length) }, caption(span)))] : [];
  });
  return table(`${base}/${venue.quote}, ${interval} candles from ${venue.source}, the newest first`, columns, rows);
}
