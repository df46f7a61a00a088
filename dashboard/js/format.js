// Numbers, times and spans as people read them. Prices come as strings and stay exact: Intl takes a
// string of any length without making a float of it.

const LOCALE = "en-US";
const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60]];
const NOTHING = "–";
const makers = new Map();

function maker(options) {
  const key = JSON.stringify(options);
  if (!makers.has(key)) makers.set(key, new Intl.NumberFormat(LOCALE, { roundingMode: "halfEven", ...options }));
  return makers.get(key);
}

/** As many digits as tell something: 77,361.43, 1.0834, 0.1407, 0.00000847. */
export function amount(value) {
  if (value === null || value === undefined) return NOTHING;
  const size = Math.abs(Number(value));
  if (size === 0) return "0";
  if (size >= 1_000) return maker({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
  if (size >= 1) return maker({ minimumFractionDigits: 2, maximumFractionDigits: 4 }).format(value);
  return maker({ maximumSignificantDigits: 4 }).format(value);
}

/** Every digit, with thousands separators and without trailing zeros. */
export function exact(text) {
  if (text === null || text === undefined) return NOTHING;
  const [whole, fraction = ""] = String(text).split(".");
  const digits = fraction.replace(/0+$/, "");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return digits ? `${grouped}.${digits}` : grouped;
}

/** 1.53 T, 48.2 B, 912 K: for volumes and caps, where the size is what counts. */
export function compact(value) {
  if (value === null || value === undefined) return NOTHING;
  return maker({ notation: "compact", maximumSignificantDigits: 3 }).format(value).replace(/([KMBT])$/, " $1");
}

/** A change with its sign: +5.31 %. */
export function change(value) {
  if (value === null || value === undefined) return NOTHING;
  return `${maker({ signDisplay: "exceptZero", minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value)} %`;
}

/** A share between 0 and 1 as 57.3 %. */
export function share(value) {
  if (value === null || value === undefined) return NOTHING;
  return `${maker({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value * 100)} %`;
}

/** Basis points: +3.2 bp. */
export function basisPoints(value, { signed = false } = {}) {
  if (value === null || value === undefined) return NOTHING;
  const signDisplay = signed ? "exceptZero" : "auto";
  return `${maker({ signDisplay, minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value)} bp`;
}

export function count(value) {
  return value === null || value === undefined ? NOTHING : maker({}).format(value);
}

/** The two largest units of a span in seconds: 25 min, 1 h 30 min, 2 d 4 h. */
export function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const words = [];
  let rest = Math.floor(seconds);
  for (const [unit, size] of UNITS) {
    if (rest >= size) words.push(`${Math.floor(rest / size)} ${unit}`);
    rest %= size;
  }
  return words.slice(0, 2).join(" ");
}

export const now = () => Date.now() / 1000;

export const ago = (time) => `${span(now() - time)} ago`;

/** 2026-11-21 07:35 UTC. */
export const moment = (time) => `${iso(time).slice(0, 10)} ${iso(time).slice(11, 16)} UTC`;

/** 07:35 UTC today, else with its date. */
export function clock(time) {
  return iso(time).slice(0, 10) === iso(now()).slice(0, 10) ? `${iso(time).slice(11, 16)} UTC` : moment(time);
}

const iso = (time) => new Date(time * 1000).toISOString();
