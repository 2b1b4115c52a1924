import { scaleLinear } from 'd3-scale';
import { area, curveStep, line } from 'd3-shape';
import type { ActivationAccount } from '../../report.ts';
import { formatNumber, formatShare } from '../format.ts';
import { formOf } from './degrees.ts';
import { html, Markup, type Markup as Html } from './markup.ts';

const width = 340;
const height = 190;
const margin = { left: 40, right: 8, top: 8, bottom: 22 };

/** d3 writes numbers and letters only. */
const path = (d: string | null, kind: string): Html => new Markup(`<path class="${kind}" d="${d ?? ''}"/>`);

const finiteExtent = (...lists: readonly (readonly number[])[]): [number, number] => {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists)
    for (const v of list) {
      if (!Number.isFinite(v)) continue;
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
  if (low > high) return [0, 1];
  return low === high ? [low - 1, high + 1] : [low, high];
};

/** The exact function and its stand-in over the histogram of the inputs that calibration saw. */
function chart({ curve, histogram, interval, node }: ActivationAccount): Html {
  const x = scaleLinear(finiteExtent(interval, [histogram.low, histogram.high]), [margin.left, width - margin.right]);
  const y = scaleLinear(finiteExtent(curve.exact, curve.polynomial), [height - margin.bottom, margin.top]).nice();
  const bottom = height - margin.bottom;
  const { counts, low, high } = histogram;
  const most = counts.reduce((m, c) => Math.max(m, c), 0) || 1;
  const bins = counts.map((c, i): [number, number] => [low + ((i + 0.5) * (high - low)) / counts.length, c / most]);
  const bars = area<[number, number]>()
    .defined(([at, share]) => Number.isFinite(at) && Number.isFinite(share))
    .x(([at]) => x(at))
    .y0(bottom)
    .y1(([, share]) => bottom - share * (bottom - margin.top) * 0.9)
    .curve(curveStep);
  const curveOf = (values: readonly number[]): string | null =>
    line<number>()
      .defined((i) => Number.isFinite(values[i]) && Number.isFinite(curve.x[i]))
      .x((i) => x(curve.x[i]))
      .y((i) => y(values[i]))(curve.x.map((_, i) => i).slice(0, values.length));
  const xTicks = x
    .ticks(5)
    .map((t) => html`<text x="${x(t)}" y="${height - 6}" text-anchor="middle">${formatNumber(t)}</text>`);
  const yTicks = y
    .ticks(4)
    .map(
      (t) =>
        html`<line class="axis" x1="${margin.left}" x2="${width - margin.right}" y1="${y(t)}" y2="${y(t)}" />
          <text x="${margin.left - 5}" y="${y(t) + 4}" text-anchor="end">${formatNumber(t)}</text>`,
    );
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${node}: function, polynomial and histogram of inputs"
  >
    ${path(bars(bins), 'hist')}${yTicks}${xTicks}${path(curveOf(curve.exact), 'exact')}${path(curveOf(curve.polynomial), 'stand-in')}
  </svg>`;
}

function card(a: ActivationAccount): Html {
  const facts: readonly (readonly [string, string])[] = [
    ['replacement', formOf(a)],
    ['levels', String(a.levels)],
    ['interval', `${formatNumber(a.interval[0])} to ${formatNumber(a.interval[1])}`],
    ['mean squared error', formatNumber(a.meanSquaredError)],
    ['largest error', formatNumber(a.maxError)],
    ['inputs out of range', formatShare(a.outOfRangeShare)],
    ['blow-up rate', formatShare(a.blowUpRate)],
    ['impact on the loss', formatNumber(a.impact)],
  ];
  return html`<section class="card">
    <h3>
      ${a.node} <small>${a.op.replace(/^nn\./, '')}, ${a.channels} ${a.channels === 1 ? 'channel' : 'channels'}</small>
    </h3>
    ${chart(a)}
    <dl>
      ${facts.map(
        ([k, v]) =>
          html`<dt>${k}</dt>
            <dd>${v}</dd>`,
      )}
    </dl>
  </section> `;
}

const key = (kind: string): Html =>
  new Markup(`<svg viewBox="0 0 26 10" aria-hidden="true"><path class="${kind}" d="M0 5H26"/></svg>`);

/** One card for each activation. */
export function renderFits(activations: readonly ActivationAccount[]): Html {
  if (activations.length === 0) return html`<p>The network has no activations.</p>`;
  return html`<p class="legend">
      <span>${key('exact')}exact function</span><span>${key('stand-in')}polynomial</span>
      <span class="soft">behind: the inputs in calibration; of several channels the one with the widest range</span>
    </p>
    <div class="cards">${activations.map(card)}</div>`;
}
