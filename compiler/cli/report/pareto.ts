import { scaleLinear, scaleSqrt } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import type { ParetoPoint } from '../../pareto.ts';
import { formatBytes, formatNumber, formatSeconds, formatShare } from '../format.ts';
import { html, Markup } from './markup.ts';

const width = 720;
const height = 440;
const margin = { left: 64, right: 24, top: 44, bottom: 48 };
/** Pixels. */
const largestRadius = 22;

const style = new Markup(`<style>
text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #59636e; } .title { font-size: 15px; fill: #1b1f24; }
.axis { stroke: #d5dae0; } .front { fill: none; stroke: #2563a8; stroke-width: 2; }
.best { fill: #2563a8; fill-opacity: .35; stroke: #2563a8; } .beaten { fill: #59636e; fill-opacity: .12; stroke: #9aa4ae; }
</style>`);

/** What the height of a point shows: top-1 with labels, agreement with the exact network without. */
const heightOf = (p: ParetoPoint): number => p.accuracy ?? p.agreement;

/** From the least to the largest of some numbers with room on both sides. */
function extent(values: readonly number[], room: number): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const edge = high > low ? room * (high - low) : room * Math.max(Math.abs(high), 1e-6);
  return [low - edge, high + edge];
}

/** The points of a sweep as an SVG image: accuracy over predicted seconds, with circles whose areas are memory. At least one point. */
export function renderPareto(model: string, points: readonly ParetoPoint[]): string {
  const x = scaleLinear(
    extent(
      points.map((p) => p.seconds),
      0.12,
    ),
    [margin.left, width - margin.right],
  );
  const exact = points[0].exact;
  const heights = [...points.map(heightOf), ...(exact === undefined ? [] : [exact])];
  const y = scaleLinear(extent(heights, 0.12), [height - margin.bottom, margin.top]);
  const radius = scaleSqrt([0, Math.max(...points.map((p) => p.peakBytes))], [0, largestRadius]);
  const front = points.filter((p) => p.best).sort((p, q) => p.seconds - q.seconds);
  const path = line<ParetoPoint>()
    .x((p) => x(p.seconds))
    .y((p) => y(heightOf(p)))
    .curve(curveStepAfter)(front);
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const level = (at: number, label: string): Markup =>
    html`<line class="axis" x1="${margin.left}" x2="${right}" y1="${y(at)}" y2="${y(at)}" />
      <text x="${margin.left - 8}" y="${y(at) + 4}" text-anchor="end">${label}</text>`;
  const circles = [...points]
    .sort((p, q) => q.peakBytes - p.peakBytes)
    .map(
      (p) =>
        html`<circle
          class="${p.best ? 'best' : 'beaten'}"
          cx="${x(p.seconds)}"
          cy="${y(heightOf(p))}"
          r="${radius(p.peakBytes)}"
        >
          <title>${formatSeconds(p.seconds)}, ${formatShare(heightOf(p))}, ${formatBytes(p.peakBytes)}</title>
        </circle>`,
    );
  const ticks = x
    .ticks(6)
    .map((t) => html`<text x="${x(t)}" y="${bottom + 20}" text-anchor="middle">${formatNumber(t)} s</text>`);
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">
    ${style}
    <rect width="${width}" height="${height}" fill="#ffffff" />
    <text class="title" x="${margin.left}" y="24">
      ${model}: ${exact === undefined ? 'agreement with the exact network' : 'top-1 accuracy'} over predicted seconds;
      areas are memory
    </text>
    ${y.ticks(6).map((t) => level(t, `${formatNumber(100 * t)}%`))}
    ${
      exact === undefined
        ? undefined
        : html`<line
              class="axis"
              stroke-dasharray="4 3"
              x1="${margin.left}"
              x2="${right}"
              y1="${y(exact)}"
              y2="${y(exact)}"
            />
            <text x="${right}" y="${y(exact) - 6}" text-anchor="end">exact</text>`
    }
    ${ticks}
    <path class="front" d="${path ?? ''}" />
    ${circles}
  </svg> `.text.trimEnd();
}
