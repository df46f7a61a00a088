// The watchlist: what each asset costs, where it moved, and how far its venues are apart.

import { h, show, words } from "./dom.js";
import * as say from "./format.js";
import { spark } from "./spark.js";

const FIRST = matchMedia("(max-width: 640px)").matches ? 8 : 20;
const COLUMNS = [
  { key: "asset", title: "Asset", of: (asset) => asset.base, text: true },
  { key: "spark", title: "Trend" },
  { key: "price", title: "Price", of: (asset) => Number(asset.price) },
  { key: "change", title: "24 h", of: (asset) => asset.change_24h_percent },
  { key: "volume", title: "Volume", of: (asset) => asset.volume_24h },
  { key: "cap", title: "Cap", of: (asset) => asset.market_cap },
  { key: "spread", title: "Spread", of: (asset) => asset.spread_bps },
];

export class Watchlist {
  /** `place` has the ids of index.html; `choose(asset)` is called when an asset is picked. */
  constructor({ table, more, filter }, choose) {
    Object.assign(this, { table, more, filter, choose });
    this.assets = [];
    this.order = { key: "place", down: false };
    this.all = false;
    filter.addEventListener("input", () => this.draw());
  }

  /** `maxAge(asset)` says after how many seconds its price counts as stale. */
  update({ value, problem }, chosen, maxAge) {
    const assets = (value?.assets ?? []).map((asset, place) => ({ ...asset, place }));
    Object.assign(this, { assets, problem: value ? null : problem, chosen, maxAge });
    this.draw();
  }

  draw() {
    if (this.problem || !this.assets.length) {
      show(this.table, words(this.problem ?? "The lake has published no prices yet."));
      this.more.replaceChildren();
      return;
    }
    const found = this.found();
    const shown = this.all ? found : found.slice(0, FIRST);
    show(this.table, found.length ? this.drawn(shown) : words(`No asset matches “${this.filter.value}”.`));
    this.offerMore(found.length - shown.length, found.length);
  }

  found() {
    const wanted = this.filter.value.trim().toLowerCase();
    const assets = this.assets.filter(({ base, name }) => `${base} ${name ?? ""}`.toLowerCase().includes(wanted));
    const column = COLUMNS.find(({ key }) => key === this.order.key);
    const of = column?.of ?? ((asset) => asset.place);
    return assets.sort((one, other) => compared(of(one), of(other), this.order.down) || one.base.localeCompare(other.base));
  }

  drawn(assets) {
    return h(
      "table",
      { class: "watchlist" },
      h("caption", { class: "sr-only" }, "Watchlist: volume of 24 hours, market cap, spread between venues. The buttons in the first column show an asset's candles"),
      h("thead", {}, h("tr", {}, COLUMNS.map((column) => this.header(column)))),
      h("tbody", {}, assets.map((asset) => this.row(asset))),
    );
  }

  header({ key, title, of, text }) {
    const sorted = this.order.key === key ? (this.order.down ? "descending" : "ascending") : null;
    const properties = { scope: "col", class: `${key} ${of && !text ? "number" : ""}`, "aria-sort": sorted };
    if (!of) return h("th", properties, title);
    const arrow = h("span", { "aria-hidden": "true", class: "arrow" }, sorted ? (this.order.down ? "↓" : "↑") : "");
    return h("th", properties, h("button", { type: "button", id: `sort-${key}`, onclick: () => this.sort(key, text) }, title, arrow));
  }

  /** The largest first, but names from A; once more turns it round. */
  sort(key, text) {
    this.order = { key, down: this.order.key === key ? !this.order.down : !text };
    this.draw();
  }

  row(asset) {
    const chosen = asset.base === this.chosen;
    return h(
      "tr",
      { class: chosen && "chosen", onclick: (event) => event.target.closest("button") ?? this.choose(asset) },
      h("th", { scope: "row", class: "asset" }, this.name(asset, chosen)),
      h("td", { class: "spark" }, trend(asset)),
      h("td", { class: "number price" }, price(asset), this.staleness(asset)),
      h("td", { class: "number change" }, moved(asset.change_24h_percent)),
      h("td", { class: "number volume" }, say.compact(asset.volume_24h)),
      h("td", { class: "number cap" }, say.compact(asset.market_cap)),
      h("td", { class: "number spread" }, spread(asset)),
    );
  }

  name(asset, chosen) {
    const button = { type: "button", id: `asset-${asset.base}`, "aria-current": chosen ? "true" : null, onclick: () => this.choose(asset) };
    const rank = asset.rank ? h("span", { class: "rank" }, asset.rank) : null;
    return [rank, " ", h("button", button, h("strong", {}, asset.base), " ", h("span", { class: "muted" }, asset.name ?? ""))];
  }

  staleness(asset) {
    const age = say.now() - asset.observed_at;
    return age > this.maxAge(asset) ? h("span", { class: "stale" }, `stale, ${say.span(age)} old`) : null;
  }

  offerMore(hidden, found) {
    if (found <= FIRST) return this.more.replaceChildren();
    const text = this.all ? `Show the first ${FIRST}` : `Show all ${found}`;
    const toggle = () => ((this.all = !this.all), this.draw());
    return show(this.more, h("button", { type: "button", id: "more-assets", "aria-expanded": String(!hidden), onclick: toggle }, text));
  }
}

/** Missing values last, whichever way it is sorted. */
function compared(one, other, down) {
  const [noOne, noOther] = [one === null || one === undefined, other === null || other === undefined];
  if (noOne || noOther) return noOne - noOther;
  const order = typeof one === "string" ? one.localeCompare(other) : one - other;
  return down ? -order : order;
}

/** As many digits as tell something; all of them in the title and the value. */
export function price(asset) {
  const title = `${say.exact(asset.price)} ${asset.quote} at ${asset.source}, ${say.moment(asset.observed_at)}`;
  return h("data", { value: asset.price, title }, say.amount(asset.price), h("span", { class: "quote" }, ` ${asset.quote}`));
}

/** A change in colour, with an arrow and a sign for who sees no colours. */
export function moved(percent) {
  if (percent === null || percent === undefined) return h("span", { class: "muted", title: "No price of 24 hours ago" }, "–");
  const tone = percent > 0 ? "up" : percent < 0 ? "down" : "muted";
  const arrow = percent > 0 ? "▲ " : percent < 0 ? "▼ " : "";
  return h("span", { class: tone }, h("span", { "aria-hidden": "true", class: "tip" }, arrow), say.change(percent));
}

function spread(asset) {
  const venues = new Set((asset.venues ?? []).map(({ source }) => source)).size;
  if (venues < 2) return h("span", { class: "muted", title: "A spread takes two venues" }, venues ? "one venue" : "no venue");
  return h("span", { title: `Between ${venues} venues` }, say.basisPoints(asset.spread_bps));
}

function trend({ base, spark: points = [], change_24h_percent: change }) {
  const tone = change > 0 ? "rise" : change < 0 ? "fall" : "accent";
  if (points.length < 2) return spark(points);
  const [start, end] = [points[0], points.at(-1)];
  const label = `${base} over ${say.span(end[0] - start[0])}: from ${say.amount(start[1])} to ${say.amount(end[1])}`;
  return spark(points, { label, tone });
}
