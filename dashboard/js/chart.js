// Candles, volume and gaps as lightweight-charts draws them. The only file that knows that library.

import { CandlestickSeries, ColorType, CrosshairMode, HistogramSeries, createChart } from "../vendor/lightweight-charts.standalone.production.mjs";
import { amount, compact, moment } from "./format.js";
import { CAUSES } from "./gaps.js";
import { GapSpans } from "./spans.js";
import { colour } from "./theme.js";

const FONT = 'ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif';
const FIRST_SHOWN = 120;
const LEAST_SHOWN = 40; // fewer would be bars as wide as a hand
const ZOOM = 1.4;

export class Chart {
  /** `pointed(point)` gets the candle or missing bucket under the crosshair, or null. */
  constructor(place, pointed) {
    this.place = place;
    this.pointed = pointed;
    this.points = [];
  }

  /** Made late, when there is something to draw. */
  make() {
    this.chart = createChart(this.place, {
      autoSize: true,
      // the library's own logo is an inline <style>, which the page's policy refuses: the credit is below
      layout: { attributionLogo: false, fontFamily: FONT, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
      localization: { locale: "en-GB", timeFormatter: moment, priceFormatter: amount },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 3, minBarSpacing: 0.5 },
      handleScroll: { vertTouchDrag: false, mouseWheel: false },
      handleScale: { mouseWheel: false },
    });
    const price = { type: "custom", formatter: amount, minMove: 1e-12 };
    this.candles = this.chart.addSeries(CandlestickSeries, { priceFormat: price });
    this.volume = this.chart.addSeries(HistogramSeries, { priceFormat: { type: "custom", formatter: compact, minMove: 1 }, priceLineVisible: false, lastValueVisible: false }, 1);
    this.gaps = [new GapSpans(), new GapSpans()];
    this.candles.attachPrimitive(this.gaps[0]);
    this.volume.attachPrimitive(this.gaps[1]);
    const [above, below] = this.chart.panes();
    above.setStretchFactor(4);
    below.setStretchFactor(1);
    this.chart.subscribeCrosshairMove(({ time }) => this.pointed(this.points.find(([at]) => at === time) ?? null));
    this.wheelNeedsFocus();
  }

  /** A wheel over the chart scrolls the page, until the chart has the focus. */
  wheelNeedsFocus() {
    const wheel = (on) => this.chart.applyOptions({ handleScroll: { mouseWheel: on }, handleScale: { mouseWheel: on } });
    this.place.addEventListener("focusin", () => wheel(true));
    this.place.addEventListener("focusout", () => wheel(false));
  }

  /** Draw what gaps.js' timeline returned, the `partial` ones hollow; `fresh` for another market than before. */
  update({ points, spans, partial }, fresh) {
    if (!this.chart) this.make();
    Object.assign(this, { points, spans, partial, at: fresh ? null : this.at });
    this.paint();
    if (fresh) this.chart.timeScale().setVisibleLogicalRange({ from: Math.max(points.length - FIRST_SHOWN, Math.min(0, points.length - LEAST_SHOWN)), to: points.length + 3 });
  }

  /** Everything in the colours of the moment. */
  paint() {
    if (!this.chart) return;
    const [up, down, text, line, background, incomplete] = ["up", "down", "muted", "line", "panel", "incomplete"].map(colour);
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: background }, textColor: text, panes: { separatorColor: line } },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    this.candles.applyOptions({ upColor: up, downColor: down, borderUpColor: up, borderDownColor: down, wickUpColor: up, wickDownColor: down });
    const hollow = (time) => (this.partial.has(time) ? { color: background, borderColor: incomplete, wickColor: incomplete } : {});
    this.candles.setData(this.points.map(([time, open, high, low, close]) => (open === undefined ? { time } : { time, open, high, low, close, ...hollow(time) })));
    const volumeColour = (time, open, close) => (this.partial.has(time) ? incomplete : close >= open ? up : down);
    this.volume.setData(this.points.map(([time, open, , , close, value]) => (open === undefined || value === null ? { time } : { time, value, color: volumeColour(time, open, close) })));
    const colours = Object.fromEntries(Object.keys(CAUSES).map((status) => [status, colour(`gap-${status}`)]));
    this.gaps.forEach((layer) => layer.update(this.spans, colours));
  }

  /** Move the crosshair by so many buckets, or to an end (-Infinity, Infinity); returns the point there. */
  step(by) {
    if (!this.points.length) return null;
    const from = this.at ?? this.points.length;
    this.at = Math.min(this.points.length - 1, Math.max(0, by === -Infinity ? 0 : from + by));
    return this.show(this.at);
  }

  show(at) {
    const point = this.points[at];
    const scale = this.chart.timeScale();
    const { from, to } = scale.getVisibleLogicalRange();
    if (at < from || at > to) scale.setVisibleLogicalRange({ from: at - (to - from) / 2, to: at + (to - from) / 2 });
    this.pointAt(point);
    return point;
  }

  /** The library scrolls with the next frame, and takes a crosshair by its place on the screen. */
  pointAt(point) {
    this.chart.clearCrosshairPosition();
    this.pointed(point);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.chart.setCrosshairPosition(point[4] ?? this.priceNear(point[0]), point[0], this.candles);
    }));
  }

  priceNear(time) {
    return this.points.findLast((point) => point.length > 1 && point[0] < time)?.[4] ?? 0;
  }

  /** Bring a stretch into the middle and point at its first bucket. */
  reveal({ first }) {
    this.at = this.points.findIndex(([time]) => time === first);
    const half = FIRST_SHOWN / 2;
    this.chart.timeScale().setVisibleLogicalRange({ from: this.at - half, to: this.at + half });
    return this.show(this.at);
  }

  /** Closer with a positive direction, further with a negative one, everything with 0. */
  zoom(direction) {
    const scale = this.chart.timeScale();
    if (!direction) return scale.setVisibleLogicalRange({ from: 0, to: this.points.length + 2 });
    const { from, to } = scale.getVisibleLogicalRange();
    const width = (to - from) * (direction > 0 ? 1 / ZOOM : ZOOM);
    return scale.setVisibleLogicalRange({ from: to - width, to });
  }
}
