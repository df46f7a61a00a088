// Breadth, size, dominance and mood of the market: cards with the last days, and all days as a table.

import { h, show, table, words } from "./dom.js";
import * as say from "./format.js";
import { spark } from "./spark.js";
import { moved } from "./watchlist.js";

const DAY = 86_400;
const STALE_DAYS = 2;
const SHOWN_DAYS = 90;

export function drawMarket({ cards, days, rows }, { value, problem }) {
  const known = (value?.days ?? []).toSorted((one, other) => one.dt.localeCompare(other.dt));
  days.hidden = !known.length;
  if (!known.length) {
    show(cards, h("div", { class: "card wide" }, words(value ? "The lake has no day of the market yet." : problem)));
    return;
  }
  const recent = known.slice(-SHOWN_DAYS);
  show(cards, capital(recent), breadth(recent), dominance(recent, "BTC"), dominance(recent, "ETH"), sentiment(recent));
  show(rows, dayTable(known.toReversed()));
}

function card(title, days, of, { main, detail, ...look }) {
  const last = days.findLast((day) => isThere(of(day)));
  if (!last) return h("div", { class: "card" }, h("h3", {}, title), words("not known yet"));
  const points = days.map((day) => [seconds(day.dt), of(day)]);
  const label = `${title}, the last ${days.length} days`;
  return h(
    "div",
    { class: "card" },
    h("h3", {}, title),
    h("p", { class: "figure" }, main(last)),
    h("p", { class: "detail" }, detail(last), age(last)),
    days.length > 1 ? spark(points, { width: 220, height: 44, label, ...look }) : h("p", { class: "muted small" }, "One day so far; the line begins with the second."),
  );
}

function age({ dt }) {
  const days = Math.floor((say.now() - seconds(dt)) / DAY);
  return days >= STALE_DAYS ? h("span", { class: "stale" }, `of ${dt}`) : null;
}

function capital(days) {
  const of = (day) => day.total_market_cap;
  const before = days.filter((day) => isThere(of(day))).at(-2);
  const detail = (day) => (before ? [moved((of(day) / of(before) - 1) * 100), " since the day before"] : "US dollars");
  return card("Market cap", days, of, { main: (day) => `$${say.compact(of(day))}`, detail });
}

function breadth(days) {
  const of = (day) => day.breadth;
  return card("Breadth", days, of, {
    main: (day) => say.share(of(day)),
    detail: (day) => [meter(of(day)), `${say.count(day.assets_up)} of ${say.count(day.assets)} rose`, of(days.at(-1)) === of(day) ? "" : ` on ${day.dt}, the last complete day`],
    low: 0,
    high: 1,
    tone: "rise",
  });
}

const meter = (value) => h("meter", { min: "0", max: "1", value: String(value), "aria-label": "Share of assets that rise" });

function dominance(days, base) {
  const of = (day) => day[`${base.toLowerCase()}_dominance`];
  const first = days.find((day) => isThere(of(day)));
  const detail = (day) => (first === day ? "of the total cap" : `${points(of(day) - of(first))} in ${days.length} days`);
  return card(`${base} dominance`, days, of, { main: (day) => say.share(of(day)), detail });
}

const points = (difference) => `${difference >= 0 ? "+" : "−"}${Math.abs(difference * 100).toFixed(1)} points`;

function sentiment(days) {
  const of = (day) => day.sentiment;
  return card("Sentiment", days, of, {
    main: (day) => [say.count(of(day)), h("span", { class: "unit" }, " of 100")],
    detail: (day) => day.classification ?? "",
    low: 0,
    high: 100,
    tone: "warm",
  });
}

function dayTable(days) {
  const columns = [
    { title: "Day" },
    ...["Market cap", "Breadth", "Rising", "BTC dominance", "ETH dominance", "Sentiment"].map((title) => ({ title, numeric: true })),
  ];
  const rows = days.map((day) => [
    day.dt,
    isThere(day.total_market_cap) ? `$${say.compact(day.total_market_cap)}` : "–",
    say.share(day.breadth),
    `${say.count(day.assets_up)} of ${say.count(day.assets)}`,
    say.share(day.btc_dominance),
    say.share(day.eth_dominance),
    isThere(day.sentiment) ? `${day.sentiment} ${day.classification ?? ""}` : "–",
  ]);
  return table("The market, day by day, newest first", columns, rows);
}

const isThere = (value) => value !== null && value !== undefined;
const seconds = (dt) => Date.parse(`${dt}T00:00:00Z`) / 1000;
