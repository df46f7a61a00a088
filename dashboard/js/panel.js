// The chosen asset: what it costs, its candles at one venue and interval, and what is missing of them.

import { Chart } from "./chart.js";
import { venueTable, candleTable, gapList, known, partialNote } from "./details.js";
import { h, show, words } from "./dom.js";
import * as say from "./format.js";
import { CAUSES, partialCandles, seconds, timeline } from "./gaps.js";
import { moved } from "./watchlist.js";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

export const venueName = ({ source, quote }) => `${source}/${quote}`;

export class Panel {
  /** `parts` are the elements of index.html; `choose({interval, venue})` is called by the switches. */
  constructor(parts, choose) {
    Object.assign(this, parts, { choose });
    this.chart = new Chart(this.canvas, (point) => this.legendOf(point));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.data.addEventListener("toggle", () => this.drawTable());
  }

  /** The head: name, exact price, change and sizes, as the watchlist knows them. */
  head(base, asset) {
    this.quote = asset?.quote;
    const title = h("h2", { id: "chart-title" }, base, " ", h("span", { class: "muted" }, asset?.name ?? ""));
    if (!asset) return show(this.headPlace, title, words("The watchlist has no price of it."));
    const price = h("p", { class: "big" }, h("data", { value: asset.price }, say.exact(asset.price)), h("span", { class: "quote" }, ` ${asset.quote}`), " ", moved(asset.change_24h_percent));
    const facts = [["Volume 24 h", say.compact(asset.volume_24h)], ["Market cap", say.compact(asset.market_cap)], ["Venue spread", say.basisPoints(asset.spread_bps)], ["Seen", `${say.clock(asset.observed_at)} at ${asset.source}`]];
    const list = h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    show(this.venuesPlace, venueTable(asset));
    return show(this.headPlace, h("div", { class: "quoteline" }, title, price), list);
  }

  /** No candles to draw: say why. */
  empty(sentence) {
    this.shown = null;
    show(this.controls);
    this.sayInstead(sentence);
  }

  sayInstead(sentence) {
    this.wordsPlace.textContent = sentence ?? "";
    this.wordsPlace.hidden = !sentence;
    for (const part of [this.canvas, this.legend, this.data]) part.hidden = Boolean(sentence);
    if (sentence) this.gapsPlace.replaceChildren();
  }

  /** Candles of `file` at the venue asked for, or at one of the head's currency, which it returns; `maxAge` as in the watchlist. */
  candles({ base, intervals, interval, file, venue: wanted, maxAge }) {
    const venues = file.venues ?? [];
    const venue = venues.find((one) => venueName(one) === wanted) ?? venues.find((one) => one.quote === this.quote) ?? venues[0];
    this.switches(intervals, interval, venues, venue);
    if (!venue?.candles.length) {
      this.shown = null;
      this.sayInstead(`The lake has no ${interval} candles of ${base}${venue ? ` from ${venue.source}` : ""} yet.`);
      return venue;
    }
    const key = `${base} ${interval} ${venueName(venue)}`;
    const fresh = this.shown?.key !== key;
    this.shown = { key, base, interval, venue, oldest: maxAge(venue), ...timeline(venue, interval), partial: partialCandles(venue, interval, say.now()) };
    this.sayInstead(null);
    this.chart.update(this.shown, fresh);
    this.describe();
    return venue;
  }

  describe() {
    const { base, interval, venue, points, spans, partial } = this.shown;
    const last = points.findLast((point) => point.length > 1);
    const holes = `${spans.length ? `${spans.length} gaps` : "no gaps"}${partial.size ? `, ${partial.size} incomplete` : ""}`;
    this.canvas.setAttribute("aria-label", `${base}/${venue.quote}, ${interval} candles from ${venue.source}: ${venue.candles.length} candles from ${say.moment(points[0][0])} to ${say.moment(last[0])}, the last closed at ${say.amount(last[4])}; ${holes}.`);
    this.legendOf(null);
    show(this.gapsPlace, this.staleness(last), partialNote(partial), gapList(spans, (span) => this.tell(this.chart.reveal(span))));
    this.drawTable();
  }

  /** A sentence when no candle came for longer than its feed may be silent. */
  staleness([start]) {
    const step = seconds(this.shown.interval);
    const age = say.now() - start - step;
    const stale = age > Math.max(2 * step, this.shown.oldest);
    return stale ? h("p", { class: "stale" }, `Stale: the newest candle closed ${say.span(age)} ago.`) : null;
  }

  drawTable() {
    if (this.data.open && this.shown) show(this.tablePlace, candleTable(this.shown));
  }

  switches(intervals, interval, venues, venue) {
    const segments = (legend, name, options, chosen, choose) =>
      h("fieldset", { class: "segments" }, h("legend", { class: "sr-only" }, legend), options.map(({ value, text }) =>
        h("label", {}, h("input", { type: "radio", name, id: `${name}-${value}`, value, checked: value === chosen, onchange: () => choose(value) }), h("span", {}, text))));
    const zoom = [["−", "Zoom out", -1], ["+", "Zoom in", 1], ["All", "Show all candles", 0]].map(([text, label, direction]) =>
      h("button", { type: "button", id: `zoom-${direction}`, "aria-label": label, onclick: () => this.chart.zoom(direction) }, text));
    show(
      this.controls,
      segments("Interval", "interval", intervals.map((value) => ({ value, text: value })), interval, (value) => this.choose({ interval: value })),
      segments("Venue", "venue", venues.map((one) => ({ value: venueName(one), text: `${one.source} ${one.quote}` })), venue && venueName(venue), (value) => this.choose({ venue: value })),
      h("div", { class: "zoom", role: "group", "aria-label": "Zoom" }, zoom),
    );
  }

  key(event) {
    if (!this.shown || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in KEYS) this.tell(this.chart.step(KEYS[event.key]));
    else if (event.key === "+" || event.key === "-") this.chart.zoom(event.key === "+" ? 1 : -1);
    else return;
    event.preventDefault();
  }

  tell(point) {
    this.spoken.textContent = this.sentence(point);
  }

  legendOf(point) {
    if (this.shown) this.legend.textContent = this.sentence(point ?? this.shown.points.findLast((one) => one.length > 1));
  }

  /** A candle, or a missing bucket with its cause, in words. */
  sentence([time, open, high, low, close, volume]) {
    if (open !== undefined) {
      const numbers = [["O", open], ["H", high], ["L", low], ["C", close]].map(([name, value]) => `${name} ${say.amount(value)}`);
      const derived = this.shown.venue.derived_from ? ` · derived from ${this.shown.venue.derived_from}` : "";
      const partial = this.shown.partial.get(time);
      return `${say.moment(time)}${partial ? ` · ${known(partial)}` : ""} · ${numbers.join("  ")} · Vol ${say.compact(volume)}${derived}`;
    }
    const gap = this.shown.spans.find(({ start, end }) => start <= time && time < end);
    return `${say.moment(time)} · missing: ${gapSentence(gap, this.shown.interval)}`;
  }
}

function gapSentence({ status, evidence, buckets }, interval) {
  const { title, about } = CAUSES[status] ?? { title: status, about: "" };
  return `${title.toLowerCase()}, ${say.span(buckets * seconds(interval))}. ${evidence ?? about}`;
}
