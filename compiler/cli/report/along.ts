import type { CompileReport, NodeAccount } from '../../report.ts';
import { formatSeconds } from '../format.ts';
import { html, type Markup } from './markup.ts';

const name = (n: NodeAccount): Markup =>
  html`<div>${n.node === '' ? '(between nodes)' : n.node} <small>${n.operator}</small></div>`;

/** Percent with one decimal; the values come from numbers only. */
const percent = (share: number): string => `${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%`;

/** The nodes in the order of the program, each with the levels between which it works and the scale of its result. */
export function renderLevels({ nodes, parameters }: CompileReport): Markup {
  const top = Math.max(1, parameters.primes.length - 1, ...nodes.map((n) => n.levelIn));
  const rows = nodes.map((n) => {
    const left = (top - n.levelIn) / top;
    const bar = html`<i style="left:${percent(left)};width:${percent((n.levelIn - n.levelOut) / top)}"></i>`;
    const levels = n.levelIn === n.levelOut ? String(n.levelIn) : `${n.levelIn} → ${n.levelOut}`;
    return html`${name(n)}
      <div class="track">${bar}</div>
      <div class="value">
        ${levels} <small>2<sup>${n.scaleBits.toFixed(1)}</sup></small>
      </div> `;
  });
  return html`<div class="rows">
    <div class="head">node</div>
    <div class="head">level ${top} (fresh) to 0</div>
    <div class="value head">level, scale</div>
    ${rows}
  </div>`;
}

/** What each node costs: predicted seconds, with its rotations and products. */
export function renderCosts({ nodes, cost }: CompileReport): Markup {
  const most = nodes.reduce((m, n) => Math.max(m, n.seconds), 0) || 1;
  const rows = nodes.map((n) => {
    const counts = `${n.rotations} rot, ${n.multiplications} mul, ${n.plainMultiplications} plain`;
    return html`${name(n)}
      <div>
        <div class="track"><i style="left:0;width:${percent(n.seconds / most)}"></i></div>
        <small>${counts}</small>
      </div>
      <div class="value">
        ${formatSeconds(n.seconds)} <small>${percent(cost.seconds > 0 ? n.seconds / cost.seconds : 0)}</small>
      </div> `;
  });
  return html`<div class="rows">${rows}</div>
    <p class="soft">
      In total ${cost.rotations} rotations, ${cost.multiplications} multiplications, ${cost.plainMultiplications}
      multiplications by plaintexts, ${cost.relinearizations} relinearisations, ${cost.rescales} rescales,
      ${cost.modSwitches} modulus switches, ${cost.additions} additions, ${cost.encodes} encodings.
    </p>`;
}
