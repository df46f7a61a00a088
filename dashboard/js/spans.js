// Shaded stretches behind the candles, one for each gap: a primitive of lightweight-charts.
// https://tradingview.github.io/lightweight-charts/docs/plugins/series-primitives

const HATCH = 7; // CSS pixels between the lines that show the stretch to who sees no colours

export class GapSpans {
  spans = [];
  colours = {};

  attached({ chart, requestUpdate }) {
    this.chart = chart;
    this.redraw = requestUpdate;
  }

  /** `spans` as gaps.js returns them; `colours` by status. */
  update(spans, colours) {
    this.spans = spans;
    this.colours = colours;
    this.redraw?.();
  }

  paneViews() {
    return [{ zOrder: () => "bottom", renderer: () => ({ draw: (target) => this.draw(target) }) }];
  }

  draw(target) {
    target.useBitmapCoordinateSpace((scope) => {
      for (const span of this.spans) {
        const edges = this.edges(span);
        if (edges) shade(scope, edges, this.colours[span.status]);
      }
    });
  }

  /** Left and right in CSS pixels, half a bar beyond the first and last missing bucket. */
  edges({ first, last }) {
    const scale = this.chart.timeScale();
    const [left, right] = [scale.timeToCoordinate(first), scale.timeToCoordinate(last)];
    if (left === null || right === null) return null;
    const half = Math.abs(scale.logicalToCoordinate(1) - scale.logicalToCoordinate(0)) / 2;
    return [left - half, right + half];
  }
}

function shade({ context, bitmapSize, horizontalPixelRatio: ratio }, [left, right], colour) {
  const [x, width] = [left * ratio, (right - left) * ratio];
  context.save();
  context.beginPath();
  context.rect(x, 0, width, bitmapSize.height);
  context.clip();
  context.fillStyle = colour;
  context.globalAlpha = 0.16;
  context.fillRect(x, 0, width, bitmapSize.height);
  context.globalAlpha = 0.4;
  context.strokeStyle = colour;
  context.lineWidth = ratio;
  hatch(context, x, width, bitmapSize.height, HATCH * ratio);
  context.restore();
}

function hatch(context, x, width, height, apart) {
  context.beginPath();
  for (let at = x - height - ((x - height) % apart); at < x + width; at += apart) {
    context.moveTo(at, height);
    context.lineTo(at + height, 0);
  }
  context.stroke();
}
