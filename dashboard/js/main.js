// The page: what is shown stands in the address, #BTC/1h/coinbase/USD; the data is read each minute.

import { read } from "./files.js";
import { clock, now, span } from "./format.js";
import { drawHealth, healthWarnings } from "./health.js";
import { drawMarket } from "./market.js";
import { Panel, venueName } from "./panel.js";
import { drawSources } from "./sources.js";
import { wireTheme } from "./theme.js";
import { Watchlist } from "./watchlist.js";
import { h, show } from "./dom.js";

const EVERY_MS = 60_000;
const SILENCE_SECONDS = 45 * 60; // refine publishes at least each quarter of an hour when anything arrives
const ASSUMED_STALE_MINUTES = 60; // for a source that no feed explains
const PREFERRED = "1h";
const ENOUGH = 24; // candles; a lake of this morning has more to show of a shorter interval

const at = (id) => document.getElementById(id);
const page = { files: {}, chosen: {}, paused: false, warned: "" };

const watchlist = new Watchlist({ table: at("watchlist-table"), more: at("watchlist-more"), filter: at("filter") }, (asset) => go({ base: asset.base }, { look: true }));
const panel = new Panel(
  { headPlace: at("chart-head"), controls: at("chart-controls"), legend: at("chart-legend"), canvas: at("chart-canvas"), wordsPlace: at("chart-words"), spoken: at("chart-spoken"), gapsPlace: at("chart-gaps"), data: at("chart-data"), tablePlace: at("chart-table"), venuesPlace: at("chart-venues") },
  (wish) => go({ ...page.chosen, ...wish }),
);

/** Read what the lake published, all at once, and draw what became of it. */
async function refresh({ spoken = false } = {}) {
  const names = ["watchlist.json", "market.json", "health.json", "sources.json", "candles/index.json"];
  const found = await Promise.all(names.map(read));
  const changed = found.some((file) => file.changed);
  page.files = Object.fromEntries(names.map((name, number) => [name.replace(".json", ""), found[number]]));
  page.read = now();
  draw();
  await drawCandles();
  if (spoken) announce(changed ? `Refreshed at ${clock(page.read)}.` : `Nothing new at ${clock(page.read)}.`);
}

function draw() {
  const { watchlist: prices, market, health, sources } = page.files;
  page.chosen = { ...defaults(prices.value), ...fromAddress() };
  watchlist.update(prices, page.chosen.base, maxAge);
  drawMarket({ cards: at("market-cards"), days: at("market-days"), rows: at("market-table") }, market);
  drawHealth(at("health-body"), health);
  drawSources(at("sources"), sources);
  drawState(health.value);
  drawAsset();
}

function drawAsset() {
  const { base } = page.chosen;
  if (base) panel.head(base, page.files.watchlist.value?.assets.find((asset) => asset.base === base));
}

async function drawCandles() {
  const { base } = page.chosen;
  const { value: index, problem } = page.files["candles/index"];
  const intervals = index?.markets?.[base]?.intervals ?? [];
  if (!intervals.length) return panel.empty(index ? (base ? `The lake has no candles of ${base}: no feed collects them.` : "The lake has no candles yet.") : problem);
  const { interval, file } = await candlesOf(base, intervals, page.chosen.interval);
  if (base !== page.chosen.base) return null; // another one was chosen meanwhile
  if (!file.value) return panel.empty(file.problem);
  const venue = panel.candles({ base, intervals, interval, file: file.value, venue: page.chosen.venue, maxAge });
  Object.assign(page.chosen, { interval, venue: venue && venueName(venue) });
  return null;
}

/** The candles asked for; else hourly ones, or while there are few of them the shortest. */
async function candlesOf(base, intervals, wanted) {
  const readOne = async (interval) => ({ interval, file: await read(`candles/${encodeURIComponent(base)}/${interval}.json`) });
  if (intervals.includes(wanted)) return readOne(wanted);
  const preferred = await readOne(intervals.includes(PREFERRED) ? PREFERRED : intervals[0]);
  const most = Math.max(0, ...(preferred.file.value?.venues ?? []).map(({ candles }) => candles.length));
  return most < ENOUGH && preferred.interval !== intervals[0] ? readOne(intervals[0]) : preferred;
}

/** What the address asks for: #BTC/1h/coinbase/USD, each part optional. */
function fromAddress() {
  const [base, interval, source, quote] = decoded(location.hash.slice(1)).split("/");
  return { ...(base && { base }), ...(interval && { interval }), ...(quote && { venue: `${source}/${quote}` }) };
}

/** A link that was cut within an escaped character asks for nothing. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

const defaults = (prices) => ({ base: prices?.assets?.[0]?.base });

/** Choose by the address, so that Back, links and bookmarks work. */
function go({ base, interval = page.chosen.interval, venue = page.chosen.venue }, { look = false } = {}) {
  location.hash = [base, interval, venue].filter(Boolean).join("/");
  // where the chart stands below the watchlist, on a phone, the choice would change nothing in sight
  if (look && at("chart").getBoundingClientRect().top > innerHeight) at("chart").scrollIntoView();
}

/** A price is stale when the source's slowest feed of quotes would be. */
function maxAge({ source }) {
  const feeds = (page.files.health.value?.feeds ?? []).filter((feed) => feed.enabled && feed.source === source);
  const minutes = feeds.filter(({ dataset }) => ["quotes", "candles"].includes(dataset)).map((feed) => feed.stale_after_minutes);
  return 60 * (minutes.length ? Math.max(...minutes) : ASSUMED_STALE_MINUTES);
}

function drawState(health) {
  const files = Object.values(page.files);
  const published = Math.max(0, ...files.map(({ value }) => value?.generated_at ?? 0));
  const silent = published && now() - published > SILENCE_SECONDS && `The lake has published nothing since ${clock(published)}: what you see is that old.`;
  const problems = files.filter(({ isPending }) => !isPending).map(({ problem }) => problem);
  const warnings = [silent, ...problems, ...(health ? healthWarnings(health) : [])].filter(Boolean);
  at("warnings").hidden = !warnings.length;
  show(at("warnings"), h("ul", {}, warnings.map((text) => h("li", {}, text))));
  at("state").className = `dot ${warnings.length ? "bad" : published ? "good" : ""}`;
  at("environment").hidden = !health?.environment;
  at("environment").textContent = health?.environment ?? "";
  page.published = published;
  drawAge();
  if (warnings.join(" ") !== page.warned) announce(warnings.join(" ") || "All is well again.");
  page.warned = warnings.join(" ");
}

function drawAge() {
  at("updated").textContent = page.published ? `Published ${span(now() - page.published)} ago${page.paused ? ", paused" : ""}` : "Nothing published yet";
}

const announce = (text) => (at("announce").textContent = text);

function wire() {
  at("refresh").addEventListener("click", () => refresh({ spoken: true }));
  at("pause").addEventListener("click", () => {
    page.paused = !page.paused;
    at("pause").setAttribute("aria-pressed", String(page.paused));
    drawAge();
  });
  addEventListener("hashchange", () => {
    Object.assign(page.chosen, fromAddress());
    watchlist.update(page.files.watchlist, page.chosen.base, maxAge);
    drawAsset();
    drawCandles();
  });
  document.addEventListener("visibilitychange", () => document.hidden || page.paused || now() - page.read < EVERY_MS / 1000 || refresh());
  setInterval(() => document.hidden || page.paused || refresh(), EVERY_MS);
  setInterval(drawAge, 10_000);
  wireTheme(at("theme"), () => panel.chart.paint());
}

wire();
await refresh();
performance.mark("drawn"); // how long a reader waited, for the browser's own tools and the tests
