// Where candles are missing, and why: pure functions from what the lake published to what is drawn.

/** The states of the lake's table `gaps`, and the one that only a page needs. */
export const CAUSES = {
  no_trade: { title: "No trades", about: "Nobody traded here then: the venue has no candle either." },
  venue_outage: { title: "Venue outage", about: "The venue itself was down." },
  our_outage: { title: "Our outage", about: "The lake did not ask in time; the next audit asks again." },
  unfillable: { title: "Cannot be filled", about: "The venue no longer answers for this time." },
  not_listed: { title: "Not listed", about: "The venue did not trade this market then." },
  pending: { title: "Pending", about: "Asked for, not here yet." },
  unaudited: { title: "Not looked at yet", about: "Missing; the daily audit has not said why yet." },
};

const SECONDS = { m: 60, h: 3_600, d: 86_400, w: 604_800 };
const LONGEST_DRAWN = 90; // buckets of one gap; a longer one is drawn shortened, and says so

/** What is known of the candles that are not complete: {share, running} by start; see `timeline`. */
export function partialCandles({ incomplete = [] }, interval, now) {
  const step = seconds(interval);
  return new Map(incomplete.map(([time, share, hasGap]) => [time, { share, running: hasGap === false && time + step > now }]));
}

/** The length of an interval such as 15m, 1h or 1d, in seconds. */
export const seconds = (interval) => Number.parseInt(interval, 10) * SECONDS[interval.at(-1)];

/**
 * A venue's candles [[t, o, h, l, c, v], …] and gaps on one time line.
 * Returns {points, spans}: points are the candles and, as [t], the buckets that are missing;
 * spans are {start, end, first, last, status, evidence, buckets, shortened}, `end` exclusive.
 */
export function timeline({ candles, gaps = [] }, interval) {
  const step = seconds(interval);
  const known = gaps.filter(({ status }) => status !== "present").toSorted((one, other) => one.start - other.start);
  const ordered = candles.toSorted((one, other) => one[0] - other[0]);
  const points = [];
  const spans = [];
  const miss = (start, end) => {
    for (const span of pieces(start, end, known, step)) {
      const times = bucketTimes(span, step);
      points.push(...times.map((time) => [time]));
      spans.push({ ...span, first: times[0], last: times.at(-1), shortened: times.length < span.buckets });
    }
  };
  ordered.forEach((candle, at) => {
    if (at && candle[0] - ordered[at - 1][0] > step) miss(ordered[at - 1][0] + step, candle[0]);
    points.push(candle);
  });
  const end = ordered.length ? ordered.at(-1)[0] + step : Infinity;
  const until = Math.max(end, ...known.map((gap) => gap.end));
  if (until > end) miss(end, until);
  return { points, spans };
}

/** The stretch [start, end) cut along the gaps that explain it; what none explains is unaudited. */
function pieces(start, end, known, step) {
  const found = [];
  let at = start;
  const add = (until, status, evidence) => {
    if (until > at) found.push({ start: at, end: until, status, evidence, buckets: Math.round((until - at) / step) });
    at = Math.max(at, until);
  };
  for (const gap of known) {
    if (gap.end <= at || gap.start >= end) continue;
    add(Math.max(at, gap.start), "unaudited", null);
    add(Math.min(gap.end, end), gap.status, gap.evidence);
  }
  add(end, "unaudited", null);
  return found;
}

function bucketTimes({ start, buckets }, step) {
  const drawn = Math.min(buckets, LONGEST_DRAWN);
  return Array.from({ length: drawn }, (_, at) => start + Math.floor((at * buckets) / drawn) * step);
}
