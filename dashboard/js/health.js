// How the line does: each feed's freshness, what was rejected, what is missing, what waits, what was mailed.

import { h, show, table, words } from "./dom.js";
import * as say from "./format.js";
import { CAUSES } from "./gaps.js";

/** A feed's state in words, and how much it matters: good, bad or idle. */
export function feedState(feed) {
  if (!feed.enabled) return { tone: "idle", text: feed.off_reason ? `off: ${feed.off_reason}` : "off" };
  if (feed.paused) return { tone: "idle", text: "paused" };
  const grace = feed.stale_after_minutes * 60;
  if (!feed.newest_slot) {
    const waits = feed.first_run && say.now() <= feed.first_run + grace;
    return waits ? { tone: "idle", text: `first run due at ${say.clock(feed.first_run)}` } : { tone: "bad", text: "no data yet" };
  }
  const late = say.now() - feed.newest_slot > grace;
  return late ? { tone: "bad", text: `stale since ${say.clock(feed.newest_slot + grace)}` } : { tone: "good", text: "fresh" };
}

/** The sentences for the top of the page: what needs somebody. */
export function healthWarnings(health) {
  const late = (health.feeds ?? []).filter((feed) => feedState(feed).tone === "bad").map(({ name }) => name);
  const dead = (health.dead_letters ?? []).filter(({ messages }) => messages > 0);
  return [
    late.length && `${late.length === 1 ? "A feed is" : `${late.length} feeds are`} not fresh: ${late.join(", ")}.`,
    dead.length && `Failed work waits: ${dead.map(({ stage, messages }) => `${say.count(messages)} in ${stage}'s dead-letter queue`).join(", ")}.`,
  ].filter(Boolean);
}

export function drawHealth(place, { value, problem }) {
  if (!value) {
    show(place, h("div", { class: "panel wide" }, words(problem)));
    return;
  }
  show(place, feeds(value.feeds ?? []), quarantine(value.quarantine ?? [], value.quarantine_hours), gaps(value.gaps ?? []), deadLetters(value.dead_letters ?? []), mails(value.mails ?? []));
}

function panel(title, id, body, { wide = false, note = null } = {}) {
  const name = `health-${id}`;
  const titled = h("h3", { id: name }, title, note ? h("span", { class: "note" }, note) : null);
  return h("article", { class: wide ? "panel wide" : "panel", "aria-labelledby": name }, titled, body);
}

const scrolled = (label, body) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, body);

function feeds(known) {
  if (!known.length) return panel("Feeds", "feeds", words("No feed is configured."), { wide: true });
  const columns = [{ title: "Feed" }, { title: "Source" }, { title: "Every" }, { title: "Newest data" }, { title: "State" }];
  const rows = known.map((feed) => {
    const { tone, text } = feedState(feed);
    const newest = feed.newest_slot ? h("span", { title: say.moment(feed.newest_slot) }, say.ago(feed.newest_slot)) : "–";
    return [feed.name, `${feed.source} ${feed.dataset}`, feed.interval, newest, h("span", { class: `state ${tone}` }, text)];
  });
  const fresh = known.filter((feed) => feedState(feed).tone === "good").length;
  return panel("Feeds", "feeds", scrolled("Feeds", table("Freshness of each feed", columns, rows)), { wide: true, note: `${fresh} of ${known.length} fresh` });
}

function quarantine(known, hours) {
  const span = hours ? ` in ${hours} hours` : "";
  if (!known.length) return panel("Quarantine", "quarantine", words(`No row was rejected${span}.`));
  const rows = known
    .toSorted((one, other) => other.rows - one.rows)
    .map(({ source, dataset, code, rows: number }) => [`${source} ${dataset}`, h("code", {}, code), say.count(number)]);
  const body = table("Rejected rows by reason", [{ title: "From" }, { title: "Reason" }, { title: "Rows", numeric: true }], rows);
  const total = known.reduce((sum, { rows: number }) => sum + number, 0);
  return panel("Quarantine", "quarantine", scrolled("Quarantine", body), { note: `${say.count(total)} rows${span}` });
}

function gaps(known) {
  if (!known.length) return panel("Gaps", "gaps", words("The audit knows of no gap."));
  const rows = known
    .toSorted((one, other) => other.buckets - one.buckets)
    .map(({ source, base, quote, interval, status, buckets }) => [
      `${base}/${quote}`,
      `${source} ${interval}`,
      h("span", { class: `cause ${status}` }, CAUSES[status]?.title ?? status),
      say.count(buckets),
    ]);
  const columns = [{ title: "Market" }, { title: "Candles" }, { title: "Cause" }, { title: "Missing", numeric: true }];
  return panel("Gaps", "gaps", scrolled("Gaps", table("Missing candles by market and cause", columns, rows)));
}

function deadLetters(known) {
  const total = known.reduce((sum, { messages }) => sum + messages, 0);
  const items = known.map(({ stage, messages }) =>
    h("div", {}, h("dt", {}, stage), h("dd", { class: messages ? "bad" : "good" }, say.count(messages))),
  );
  const told = total ? "Mend the cause, then coinlake redrive sends them back." : "No work failed for good.";
  return panel("Dead letters", "dead-letters", [h("dl", { class: "tiles" }, items), words(told)]);
}

function mails(known) {
  if (!known.length) return panel("Last mails", "mails", words("No mail was sent."));
  const items = known.map(({ sent_at: sent, subject }) =>
    h("li", {}, h("time", { datetime: new Date(sent * 1000).toISOString(), title: say.moment(sent) }, say.ago(sent)), " ", subject),
  );
  return panel("Last mails", "mails", h("ul", { class: "mails" }, items));
}
