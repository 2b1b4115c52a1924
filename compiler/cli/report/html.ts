import type { AlternativeAccount, CompileReport } from '../../report.ts';
import { formatBytes, formatSeconds, formatShare } from '../format.ts';
import { renderCosts, renderLevels } from './along.ts';
import { renderBootstraps } from './bootstraps.ts';
import { degreesOf } from './degrees.ts';
import { renderFits } from './fits.ts';
import { renderHeadline } from './headline.ts';
import { html, table, type Markup } from './markup.ts';
import { style } from './style.ts';

/** The report as one HTML page: no scripts, nothing from elsewhere, everything escaped. */
export function renderHtml(report: CompileReport): string {
  const { model, warnings, clientSteps } = report;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${model} - fhec report</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <h1>${model}</h1>
        <p class="soft">
          Compiled to CKKS by fhec ${report.fhecVersion} in ${formatSeconds(report.compileSeconds)}, calibrated on
          ${report.calibration.images} inputs.
        </p>
        ${warnings.map((w) => html`<p class="warning">${w}</p>`)} ${renderHeadline(report)}
        ${clientSteps.map((s) => html`<p>The client computes ${s.kind} of node <code>${s.node}</code> after decryption.</p>`)}
        <h2>Activations</h2>
        ${renderFits(report.activations)} ${renderBootstraps(report)}
        <h2>Levels along the network</h2>
        ${renderLevels(report)}
        <h2>Cost by layer</h2>
        ${renderCosts(report)}
        <h2>Degrees: layerwise and uniform</h2>
        ${renderAlternatives(report)}
        <h2>Parameters</h2>
        ${renderParameters(report)}
        <h2>Compilation</h2>
        ${table(
          ['stage', 'time'],
          report.stages.map((s) => [s.name, formatSeconds(s.seconds)]),
          [1],
        )}
      </body>
    </html> `.text;
}

function renderAlternatives({ alternatives, uniform }: CompileReport): Markup {
  if (alternatives.length === 0) return html`<p>No other assignment of degrees was looked at.</p>`;
  const chosen = alternatives.find((a) => a.chosen);
  const row = (a: AlternativeAccount): (string | Markup)[] => [
    a.chosen ? html`<span class="chosen">chosen</span>` : uniform && sameDegrees(a, uniform) ? 'best uniform' : '',
    html`<span class="degrees">${degreesOf(a.degrees)}</span>`,
    String(a.levels),
    String(a.ringDegree),
    formatSeconds(a.seconds),
    a.accuracy === undefined ? '' : formatShare(a.accuracy),
    formatShare(a.agreement),
  ];
  return html`${compare(chosen, uniform)}
  ${table(['', 'degrees', 'levels of activations', 'N', 'predicted', 'accuracy', 'same top-1'], alternatives.map(row), [2, 3, 4, 5, 6])}`;
}

function compare(chosen: AlternativeAccount | undefined, uniform: AlternativeAccount | undefined): Markup {
  if (!uniform) return html`<p>No uniform degree keeps to the same limits.</p>`;
  if (!chosen || chosen.chosen === uniform.chosen) return html`<p>The best uniform degree is the choice.</p>`;
  const ratio = uniform.seconds / chosen.seconds;
  return html`<p>
    Layerwise ${formatSeconds(chosen.seconds)}, the best uniform degree (${degreesOf(uniform.degrees)})
    ${formatSeconds(uniform.seconds)}: ${ratio.toFixed(2)} times as long.
  </p>`;
}

const sameDegrees = (a: AlternativeAccount, b: AlternativeAccount): boolean => a.degrees.join() === b.degrees.join();

function renderParameters({ parameters: p, cost, precision }: CompileReport): Markup {
  const rows: (readonly [string, string | Markup])[] = [
    ['ring degree N', String(p.ringDegree)],
    ['slots', String(p.slots)],
    ['log QP', `${p.modulusBits.toFixed(2)} bits; 128-bit security allows ${p.limitBits}`],
    ['security', p.secure ? '128 bits (dense ternary secret)' : 'none: made with --insecure-for-tests'],
    ['scale of fresh ciphertexts', html`2<sup>${p.scaleBits.toFixed(2)}</sup>`],
    ['primes of the chain', p.primes.join(', ')],
    ['special primes', p.specialPrimes.join(', ')],
    ['error bound of an output', precision.errorBound.toExponential(2)],
    ['rotation keys', String(cost.rotationKeys)],
    ['evaluation keys', formatBytes(cost.keyBytes)],
    ['artefact', formatBytes(cost.artefactBytes)],
    ['ciphertexts of an input', formatBytes(cost.ciphertextBytes)],
  ];
  return table(
    ['parameter', 'value'],
    rows.map(([k, v]) => [k, html`<span class="long">${v}</span>`]),
    [],
  );
}
