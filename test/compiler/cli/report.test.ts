import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes, formatSeconds } from '../../../compiler/cli/format.ts';
import { degreesOf } from '../../../compiler/cli/report/degrees.ts';
import { renderHtml } from '../../../compiler/cli/report/html.ts';
import { escapeHtml, html } from '../../../compiler/cli/report/markup.ts';
import { readReport } from '../../../compiler/cli/report/schema.ts';
import { renderTables } from '../../../compiler/cli/report/tables.ts';
import type { CompileReport } from '../../../compiler/report.ts';

/** A report in which every text is `text`. */
function reportWith(text: string, value = 0.5): CompileReport {
  const alternative = {
    degrees: [text],
    levels: 3,
    ringDegree: 2048,
    seconds: 2,
    agreement: 0.99,
    accuracy: 0.98,
    chosen: false,
  };
  return {
    model: text,
    fhecVersion: text,
    compileSeconds: 1,
    stages: [{ name: text, seconds: 1 }],
    calibration: { images: 10, labelled: true },
    accuracy: { images: 10, exact: 0.99, polynomial: 0.98, agreement: 0.97, interval: [0.9, 1], blowUps: 0 },
    activations: [
      {
        node: text,
        op: text,
        form: text,
        degree: 7,
        levels: 3,
        channels: 2,
        interval: [-value, 1],
        histogram: { low: -value, high: 1, counts: [0.25, 0.75] },
        curve: { x: [-value, 0, 1], exact: [0, 0, 1], polynomial: [0.1, value, 1.1] },
        meanSquaredError: 0.01,
        maxError: 0.1,
        outOfRangeShare: 0,
        blowUpRate: 0,
        impact: 1,
      },
    ],
    cost: {
      rotations: 5,
      multiplications: 3,
      plainMultiplications: 9,
      relinearizations: 3,
      rescales: 3,
      modSwitches: 1,
      additions: 12,
      encodes: 9,
      depth: 5,
      rotationKeys: 4,
      keyBytes: 1e6,
      artefactBytes: 1e5,
      ciphertextBytes: 1e5,
      seconds: 1,
      threads: 2,
      peakBytes: 1e7,
    },
    parameters: {
      ringDegree: 2048,
      slots: 1024,
      modulusBits: 200,
      limitBits: 54,
      scaleBits: 30,
      primes: ['17'],
      specialPrimes: ['97'],
      secure: false,
    },
    nodes: [
      {
        node: text,
        operator: text,
        levelIn: 5,
        levelOut: 4,
        scaleBits: 30,
        rotations: 1,
        multiplications: 0,
        plainMultiplications: 3,
        seconds: 0.5,
      },
    ],
    uniform: alternative,
    alternatives: [{ ...alternative, chosen: true, seconds: 1 }, alternative],
    precision: { errorBits: 12, errorBound: 1e-4 },
    bootstraps: {
      rule: 'cost',
      seconds: 2,
      precisionBits: 15,
      levels: { input: 2, output: 10 },
      places: [{ node: text, vectors: 1, levelFrom: 2, levelTo: 10, seconds: 2, why: text }],
      rules: [
        { rule: 'cost', count: 1, seconds: 5 },
        { rule: 'each-activation', count: 2, seconds: 7 },
      ],
    },
    clientSteps: [{ kind: text, node: text }],
    warnings: [text],
  };
}

/** A page without its tags: what a browser would take for text. */
const tagsOf = (page: string): string[] => (page.match(/<[^>]*>/g) ?? []).map((t) => t.replaceAll(/"[^"]*"/g, '""'));

test('the page has the same tags whatever the names are: no text becomes markup', () => {
  const plain = tagsOf(renderHtml(reportWith('plain')));
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onload='x",
      '</style>',
      '&lt;b&gt;',
      '<!--',
    ),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      expect(tagsOf(renderHtml(reportWith(text)))).toEqual(plain);
    }),
  );
});

test('escaped text has none of the characters of markup', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(escapeHtml(text).replaceAll(/&(amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[<>"'&]/);
    }),
  );
  expect(html`<b title="${'"'}">${['<', html`<i>${1}</i>`]}${undefined}</b>`.text).toBe(
    '<b title="&quot;">&lt;<i>1</i></b>',
  );
});

test('the page needs nothing from elsewhere', () => {
  const page = renderHtml(reportWith('net'));
  expect(page).not.toMatch(/<script|<link|src=|@import|url\(|https?:/);
  for (const part of [
    'prefers-color-scheme: dark',
    'viewport',
    'INSECURE',
    'on 2 threads',
    'best uniform',
    'class="exact"',
    'class="stand-in"',
    'class="hist"',
  ])
    expect(page).toContain(part);
});

test('numbers that are not finite, empty lists and constant functions still give a page', () => {
  for (const value of [NaN, Infinity, 0, 1e300])
    expect(renderHtml(reportWith('net', value))).not.toMatch(/NaN[,LMH]|[MLH]NaN|="[^"]*NaN/);
  const empty = { ...reportWith('net'), activations: [], nodes: [], alternatives: [], stages: [] };
  expect(renderHtml(empty)).toContain('no activations');
  expect(renderTables(empty)).toContain('log QP');
});

test('tables show control characters of names, and do not send them to the terminal', () => {
  expect(renderTables(reportWith('a\u001b[31mb'))).not.toContain('\u001b');
});

test('a report from a file is checked field by field', () => {
  const report = reportWith('net');
  expect(readReport(JSON.parse(JSON.stringify(report)))).toEqual(report);
  for (const key of Object.keys(report).filter((k) => k !== 'model' && k !== 'fhecVersion'))
    expect(() => readReport({ ...report, [key]: 'wrong' })).toThrow(/FHE0702.*report/);
  expect(() => readReport(undefined)).toThrow('FHE0702');
  const written = JSON.parse(JSON.stringify(reportWith('net', Infinity))) as unknown;
  expect(readReport(written).activations[0].interval).toEqual([NaN, 1]);
});

test('figures in the units that people read', () => {
  expect([0, 999, 1000, 1.5e6, 2.345e9].map(formatBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.00 kB',
    '1.50 MB',
    '2.35 GB',
  ]);
  expect([0.0123, 1.5, 99.94, 125, NaN].map(formatSeconds)).toEqual(['12.3 ms', '1.50 s', '99.9 s', '2 min 5 s', '?']);
  expect(degreesOf(['3', '7', '7', '3'])).toBe('3, 2 x 7, 3');
});
