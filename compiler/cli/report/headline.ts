import type { CompileReport } from '../../report.ts';
import { formatBytes, formatInterval, formatSeconds, formatShare, formatThreads } from '../format.ts';
import { html, type Markup } from './markup.ts';

const tile = (what: string, value: string, more = ''): Markup =>
  html`<div class="tile"><span class="what">${what}</span><b>${value}</b><span class="more soft">${more}</span></div> `;

/** The figures that a reader looks for first. */
export function renderHeadline(report: CompileReport): Markup {
  const { accuracy, calibration, cost, parameters: p, precision } = report;
  const { exact, polynomial, agreement, interval } = accuracy;
  const accuracyTiles =
    exact === undefined || polynomial === undefined
      ? [
          tile(
            'Same top-1 as the exact network',
            formatShare(agreement),
            `95% interval ${formatInterval(interval)}; ${calibration.images} inputs, no labels`,
          ),
        ]
      : [
          tile('Accuracy, exact network', formatShare(exact), `on ${calibration.images} calibration inputs`),
          tile('Accuracy, polynomial network', formatShare(polynomial), `95% interval ${formatInterval(interval)}`),
          tile('Same top-1 as the exact network', formatShare(agreement), `blow-ups ${formatShare(accuracy.blowUps)}`),
        ];
  return html`<div class="tiles">
    ${accuracyTiles}${tile('Predicted time of one input', formatSeconds(cost.seconds), `on ${formatThreads(cost.threads)}`)}
    ${tile('Peak memory', formatBytes(cost.peakBytes), 'keys, ciphertexts and weights')}
    ${tile('Evaluation keys', formatBytes(cost.keyBytes), `${cost.rotationKeys} rotation keys, in memory`)}
    ${tile('Ring degree N', String(p.ringDegree), `${p.slots} slots`)}
    ${tile('Modulus log QP', `${p.modulusBits.toFixed(0)} / ${p.limitBits}`, p.secure ? 'bits, of what 128-bit security allows' : 'INSECURE: for tests only')}
    ${tile('Levels used', String(cost.depth), `of ${p.primes.length - 1}; precision ${precision.errorBits.toFixed(1)} bits`)}
  </div>`;
}
