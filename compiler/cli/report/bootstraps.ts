import type { CompileReport } from '../../report.ts';
import { formatSeconds } from '../format.ts';
import { html, table, type Markup } from './markup.ts';

/** Where a program bootstraps and why, and what other rules of placement would take; nothing where it does not bootstrap. */
export function renderBootstraps({ bootstraps }: CompileReport): Markup {
  if (!bootstraps) return html``;
  const places = bootstraps.places.map((p) => [
    p.node,
    String(p.vectors),
    `${p.levelFrom} to ${p.levelTo}`,
    formatSeconds(p.seconds),
    p.why,
  ]);
  const rules = bootstraps.rules.map((r) => [
    r.rule === bootstraps.rule ? html`<span class="chosen">${r.rule}</span>` : r.rule,
    String(r.count),
    formatSeconds(r.seconds),
  ]);
  return html`<h2>Bootstraps</h2>
    <p>Each takes ${formatSeconds(bootstraps.seconds)} and keeps ${bootstraps.precisionBits.toFixed(1)} bits.</p>
    ${table(['after node', 'vectors', 'level', 'time', 'why there'], places, [1, 2, 3])}
    ${table(['rule of placement', 'bootstraps', 'predicted'], rules, [1, 2])}`;
}
